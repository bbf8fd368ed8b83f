//! Who calls, and how they want to be answered.

use std::path::PathBuf;

use clap::Args;
use yunei_model::Language;

use crate::client::Client;
use crate::failure::Input;
use crate::files;
use crate::printer::Printer;

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Caller {
    /// Answers in JSON, for programs
    #[arg(long, global = true)]
    pub json: bool,

    /// Where the server is
    #[arg(
        long,
        global = true,
        env = "YUNEI_URL",
        value_name = "URL",
        default_value = "http://127.0.0.1:8700"
    )]
    url: String,

    /// Token to come with; others on this machine may see it, so better give it by YUNEI_TOKEN or --token-file
    #[arg(
        long,
        global = true,
        env = "YUNEI_TOKEN",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    token: Option<String>,

    /// File that holds the token; goes before --token
    #[arg(long, global = true, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Language of the server's sentences and of titles: zh or en
    #[arg(
        long,
        global = true,
        env = "YUNEI_LANGUAGE",
        value_name = "LANGUAGE",
        default_value = "en"
    )]
    pub language: Language,
}

impl Caller {
    /// How to show what was found.
    pub const fn printer(&self) -> Printer {
        Printer::new(self.json)
    }

    /// A client that comes with the caller's token.
    pub fn client(&self) -> Result<Client, Input> {
        let Some(token) = self.token()? else {
            let help = "sign in first: `yunei user sign-in`, then give the token by YUNEI_TOKEN or --token-file";
            return Err(Input::new(help));
        };
        self.coming_with(&self.url, token)
    }

    /// A client of the server at `url`, and whether it comes with a token.
    pub fn visitor(&self, url: &str) -> Result<(Client, bool), Input> {
        match self.token()? {
            Some(token) => Ok((self.coming_with(url, token)?, true)),
            None => Ok((Client::new(url, None, self.language)?, false)),
        }
    }

    fn token(&self) -> Result<Option<String>, Input> {
        let token = match &self.token_file {
            Some(path) => Some(files::text(path)?),
            None => self.token.clone(),
        };
        let token = token.map(|token| token.trim().to_owned());
        Ok(token.filter(|token| !token.is_empty()))
    }

    fn coming_with(&self, url: &str, token: String) -> Result<Client, Input> {
        let printable = |c: char| c.is_ascii_graphic();
        if !token.chars().all(printable) {
            return Err(Input::new("the token has characters that no token has"));
        }
        let client = Client::new(url, Some(token), self.language)?;
        if client.is_in_the_clear() {
            self.printer().aside(
                "warning: the token goes over the network as it is; use https:// or a tunnel",
            );
        }
        Ok(client)
    }

    /// A client that comes without a token.
    pub fn stranger(&self) -> Result<Client, Input> {
        Client::new(&self.url, None, self.language)
    }
}
