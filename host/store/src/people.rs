//! Organisations, persons, accounts, passwords, tokens.

use serde::{Deserialize, Serialize};
use yunei_model::{
    Account, AccountId, Digest, Name, Organisation, OrganisationId, Person, PersonId, Timestamp,
    TokenId,
};

use crate::reading::{PAGE_ROWS_MAX, find, find_all, from_json, json, list, reads, text};
use crate::{Change, Page, StoreError};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenKind {
    /// A signed-in browser.
    Session,
    /// A program.
    Api,
}

impl TokenKind {
    /// The name in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Api => "api",
        }
    }
}

/// A token of an account: its digest alone, never the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Id.
    pub id: TokenId,
    /// Digest of the secret.
    pub digest: Digest,
    /// Account.
    pub account: AccountId,
    /// Kind.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub label: Option<Name>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// First moment when it no longer holds.
    pub expires_at: Timestamp,
}

/// A token that holds, with the account and the organisation behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The token.
    pub token: Token,
    /// Its account.
    pub account: Account,
    /// The account's organisation.
    pub organisation: Organisation,
}

reads! {
    /// The organisation of that id.
    fn organisation(id: OrganisationId) -> Option<Organisation> = |c| find(c, "organisation",
        sqlx::query("SELECT body FROM organisations WHERE id = $1").bind(id.to_string())).await;

    /// The organisation of that name.
    fn organisation_by_name(name: &Name) -> Option<Organisation> = |c| find(c, "organisation",
        sqlx::query("SELECT body FROM organisations WHERE name = $1").bind(name.to_string())).await;

    /// Organisations.
    fn organisations(page: Page<OrganisationId>) -> Vec<Organisation> = |c| list(c, "organisations", &[], &page).await;

    /// The person of that id.
    fn person(id: PersonId) -> Option<Person> = |c| find(c, "person",
        sqlx::query("SELECT body FROM persons WHERE id = $1").bind(id.to_string())).await;

    /// The account of that id.
    fn account(id: AccountId) -> Option<Account> = |c| find(c, "account",
        sqlx::query("SELECT body FROM accounts WHERE id = $1").bind(id.to_string())).await;

    /// The account that signs in by that name.
    fn account_by_name(name: &Name) -> Option<Account> = |c| find(c, "account",
        sqlx::query("SELECT body FROM accounts WHERE name = $1").bind(name.to_string())).await;

    /// Accounts, of one organisation or of all.
    fn accounts(organisation: Option<OrganisationId>, page: Page<AccountId>) -> Vec<Account> = |c| list(c, "accounts",
        &[("organisation", organisation.iter().map(ToString::to_string).collect())], &page).await;

    /// The accounts of one person, the first [`PAGE_ROWS_MAX`].
    fn accounts_of_person(person: PersonId) -> Vec<Account> = |c| find_all(c, "account",
        sqlx::query("SELECT body FROM accounts WHERE person = $1 ORDER BY id LIMIT $2")
            .bind(person.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// The hash of an account's password, as the sign-in wrote it.
    fn password_hash(account: AccountId) -> Option<String> = |c| {
        let hash = sqlx::query_scalar("SELECT hash FROM passwords WHERE account = $1").bind(account.to_string());
        Ok(hash.fetch_optional(c).await?)
    };

    /// The token of that digest, if it holds at `at`.
    fn token_by_digest(digest: &Digest, at: Timestamp) -> Option<Token> = |c| find(c, "token",
        sqlx::query("SELECT body FROM tokens WHERE digest = $1 AND expires_at > $2")
            .bind(digest.to_string()).bind(at.as_micros())).await;

    /// Who comes with the token of that id, if it holds at `at`: all that authentication looks at, at once.
    fn standing(id: TokenId, at: Timestamp) -> Option<Standing> = |c| {
        let row = sqlx::query("SELECT tokens.body AS token, accounts.body AS account, organisations.body AS organisation \
            FROM tokens JOIN accounts ON accounts.id = tokens.account \
            JOIN organisations ON organisations.id = accounts.organisation \
            WHERE tokens.id = $1 AND tokens.expires_at > $2")
            .bind(id.to_string()).bind(at.as_micros()).fetch_optional(c).await?;
        row.map(|row| Ok(Standing {
            token: from_json(&text(&row, "token", "token")?, "token")?,
            account: from_json(&text(&row, "account", "account")?, "account")?,
            organisation: from_json(&text(&row, "organisation", "organisation")?, "organisation")?,
        })).transpose()
    };

    /// The token of that id, expired or not.
    fn token(id: TokenId) -> Option<Token> = |c| find(c, "token",
        sqlx::query("SELECT body FROM tokens WHERE id = $1").bind(id.to_string())).await;

    /// An account's tokens, expired or not.
    fn tokens(account: AccountId, page: Page<TokenId>) -> Vec<Token> = |c| list(c, "tokens",
        &[("account", vec![account.to_string()])], &page).await;
}

impl Change {
    /// Writes an organisation, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another has the name.
    pub async fn put_organisation(
        &mut self,
        organisation: &Organisation,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO organisations (id, name, body) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body",
        )
        .bind(organisation.id.to_string())
        .bind(organisation.name.to_string())
        .bind(json(organisation, "organisation")?);
        self.write("organisation", query).await.map(drop)
    }

    /// Writes a person, new or as they now are.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the organisation is not there.
    pub async fn put_person(&mut self, person: &Person) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO persons (id, organisation, body) VALUES ($1, $2, $3) \
             ON CONFLICT (id) DO UPDATE SET organisation = excluded.organisation, body = excluded.body",
        )
        .bind(person.id.to_string())
        .bind(person.organisation.to_string())
        .bind(json(person, "person")?);
        self.write("person", query).await.map(drop)
    }

    /// Writes an account, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another has the name; [`StoreError::Dangling`] without its person or organisation.
    pub async fn put_account(&mut self, account: &Account) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO accounts (id, name, person, organisation, body) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, person = excluded.person, \
             organisation = excluded.organisation, body = excluded.body",
        )
        .bind(account.id.to_string())
        .bind(account.name.to_string())
        .bind(account.person.to_string())
        .bind(account.organisation.to_string())
        .bind(json(account, "account")?);
        self.write("account", query).await.map(drop)
    }

    /// Writes the hash of an account's password.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] when the account is not there.
    pub async fn put_password_hash(
        &mut self,
        account: AccountId,
        hash: &str,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO passwords (account, hash) VALUES ($1, $2) \
             ON CONFLICT (account) DO UPDATE SET hash = excluded.hash",
        )
        .bind(account.to_string())
        .bind(hash.to_owned());
        self.write("password", query).await.map(drop)
    }

    /// Writes a new token.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when its id or digest is there; [`StoreError::Dangling`] without its account.
    pub async fn put_token(&mut self, token: &Token) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO tokens (id, digest, account, kind, expires_at, body) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(token.id.to_string())
        .bind(token.digest.to_string())
        .bind(token.account.to_string())
        .bind(token.kind.as_str())
        .bind(token.expires_at.as_micros())
        .bind(json(token, "token")?);
        self.write("token", query).await.map(drop)
    }

    /// Ends every token of an account. Gives how many.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn remove_tokens(&mut self, account: AccountId) -> Result<u64, StoreError> {
        let query = sqlx::query("DELETE FROM tokens WHERE account = $1").bind(account.to_string());
        self.write("token", query).await
    }

    /// Removes a token: from now on it does not hold.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when it is not there.
    pub async fn remove_token(&mut self, id: TokenId) -> Result<(), StoreError> {
        let query = sqlx::query("DELETE FROM tokens WHERE id = $1").bind(id.to_string());
        match self.write("token", query).await? {
            0 => Err(StoreError::Absent { thing: "token" }),
            _ => Ok(()),
        }
    }

    /// Removes tokens that expired before `at`; housekeeping that needs no entry. Gives how many.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn remove_expired_tokens(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        let query = sqlx::query("DELETE FROM tokens WHERE expires_at <= $1").bind(at.as_micros());
        self.keep("token", query).await
    }
}
