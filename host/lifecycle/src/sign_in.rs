//! Sign-in, tokens, and the two accounts of the first start.

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use cap_std::fs::{OpenOptions, OpenOptionsExt};
use std::io::Write;
use yunei_authority::{Action, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Account, AccountId, Appointment, Code, Digest, Name, Organisation, OrganisationId,
    OrganisationKind, Person, PersonId, Remit, Role, Text, Timestamp, TokenId,
};
use yunei_store::{Change, Token, TokenKind};

use crate::lock_out::{refuse_locked, typed};
use crate::{Actor, Domain, LifecycleError, RequestTrace};

/// Characters of a password at least.
pub const PASSWORD_CHARACTERS_MIN: usize = 12;
/// Bytes of a password at most: argon2id takes more time for more.
const PASSWORD_BYTES_MAX: usize = 1024;
/// Seconds that a session lasts.
const SESSION_SECONDS: i64 = 12 * 3600;
/// Seconds that an API token lasts.
const API_TOKEN_SECONDS: i64 = 90 * 86_400;
/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;

/// A token as its owner sees it, once.
#[derive(Debug, serde::Serialize)]
pub struct IssuedToken {
    /// Its id.
    pub id: TokenId,
    /// The secret; only its digest is kept.
    pub secret: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// The tokens of the first start, for the system and the security administrator.
#[derive(Debug)]
pub struct Bootstrap {
    /// Names of the files in the data directory that hold them.
    pub files: Vec<String>,
}

impl Domain {
    /// Signs in by password.
    ///
    /// # Errors
    /// [`Code::SignInFailed`], the same for an unknown account, a closed one and a wrong password; [`Code::SignInLocked`]
    /// after too many of them, for unknown accounts too.
    pub async fn sign_in(
        &self,
        name: &Name,
        password: &str,
        trace: &RequestTrace,
    ) -> Result<IssuedToken, LifecycleError> {
        let typed = typed(name);
        let failures = self.store.sign_in_failures(&typed).await?;
        refuse_locked(failures.as_ref(), self.clock.now())?;
        let account = self.store.account_by_name(name).await?;
        let id = account.as_ref().map(|account| account.id);
        // An unknown account costs as much time as a known one: nobody has the id of the decoy.
        let hash = self.store.password_hash(id.unwrap_or(self.decoy_account));
        let hash = hash.await?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.decoy_hash.clone());
        let password = password.to_owned();
        let matches = tokio::task::spawn_blocking(move || verify(&password, &hash))
            .await
            .unwrap_or(false);
        let mut change = self.store.begin().await?;
        // Those that failed meanwhile count: guessing at once is no way round.
        let failures = change.sign_in_failures(&typed).await?;
        refuse_locked(failures.as_ref(), self.clock.now())?;
        let account = account.filter(|a| a.active && known && matches);
        let Some(account) = account else {
            self.count_failure(change, &typed, id, trace).await?;
            return Err(Code::SignInFailed.into());
        };
        change.remove_sign_in_failures(&typed).await?;
        let issued = self
            .put_token(
                &mut change,
                account.id,
                TokenKind::Session,
                None,
                SESSION_SECONDS,
            )
            .await?;
        let draft = trace
            .observe(Draft::new(Kind::SignedIn))
            .actor(account.id)
            .fact("token", issued.id);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(issued)
    }

    /// Who comes with this token.
    ///
    /// # Errors
    /// [`Code::NotSignedIn`] when it is unknown, over, or its account closed.
    pub async fn authenticate(
        &self,
        secret: &str,
        trace: RequestTrace,
    ) -> Result<Actor, LifecycleError> {
        let now = self.clock.now();
        let token = self
            .store
            .token_by_digest(&Digest::of(secret.as_bytes()), now)
            .await?
            .ok_or(Code::NotSignedIn)?;
        let account = self
            .store
            .account(token.account)
            .await?
            .filter(|a| a.active)
            .ok_or(Code::NotSignedIn)?;
        let organisation = self
            .store
            .organisation(account.organisation)
            .await?
            .ok_or(Code::NotSignedIn)?;
        let principal = self.principal(&account, &organisation, now).await?;
        Ok(Actor {
            principal,
            token: token.id,
            trace,
            once: None,
        })
    }

    /// Ends the session or token that `actor` came with.
    ///
    /// # Errors
    /// A record that cannot be written.
    pub async fn sign_out(&self, actor: &Actor) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        change.remove_token(actor.token).await?;
        let draft = actor
            .trace
            .observe(Draft::new(Kind::SignedOut))
            .actor(actor.principal.account)
            .fact("token", actor.token);
        self.record(&mut change, draft).await?;
        self.commit(change).await
    }

    /// Issues an API token for `actor`'s own account.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn issue_token(
        &self,
        actor: &Actor,
        label: Option<Name>,
    ) -> Result<IssuedToken, LifecycleError> {
        let account = self.own_account(actor).await?;
        let target = Target::Account(self.account_target(&account).await?);
        let permit = self.permit(actor, Action::IssueToken, &target).await?;
        let mut change = self.store.begin().await?;
        let issued = self
            .put_token(
                &mut change,
                account.id,
                TokenKind::Api,
                label,
                API_TOKEN_SECONDS,
            )
            .await?;
        let draft = permit
            .draft(Kind::TokenIssued, actor)
            .fact("token", issued.id)
            .fact("account", account.id);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(issued)
    }

    /// Revokes one of `actor`'s own tokens.
    ///
    /// # Errors
    /// Refused by policy, or there is none.
    pub async fn revoke_token(&self, actor: &Actor, id: TokenId) -> Result<(), LifecycleError> {
        let token = self.store.token(id).await?.ok_or(Code::NotFound)?;
        let account = self
            .store
            .account(token.account)
            .await?
            .ok_or(Code::NotFound)?;
        let target = Target::Account(self.account_target(&account).await?);
        let own = account.id == actor.principal.account;
        let action = if own {
            Action::ManageOwnToken
        } else {
            Action::RevokeToken
        };
        let permit = self.permit(actor, action, &target).await?;
        let mut change = self.store.begin().await?;
        change.remove_token(id).await?;
        let draft = permit
            .draft(Kind::TokenRevoked, actor)
            .fact("token", id)
            .fact("account", account.id);
        self.record(&mut change, draft).await?;
        self.commit(change).await
    }

    /// `actor`'s own account.
    ///
    /// # Errors
    /// The store failed.
    pub async fn own_account(&self, actor: &Actor) -> Result<Account, LifecycleError> {
        let account = self.store.account(actor.principal.account).await?;
        Ok(account.ok_or(Code::NotSignedIn)?)
    }

    /// At the first start: an organisation that runs the system, its system and its security administrator, a token for each in an
    /// owner-only file. From them everything else grows by policy.
    ///
    /// # Errors
    /// The store or the data directory failed.
    pub async fn bootstrap(&self) -> Result<Option<Bootstrap>, LifecycleError> {
        let name = host_name()?;
        if self.store.organisation_by_name(&name).await?.is_some() {
            return Ok(None);
        }
        let mut change = self.store.begin().await?;
        let title = Text {
            zh: "系统运行单位".to_owned(),
            en: "Host operator".to_owned(),
        };
        let organisation = Organisation {
            id: OrganisationId::new(&*self.ids),
            name,
            title,
            kind: OrganisationKind::Host,
        };
        change.put_organisation(&organisation).await?;
        let draft = Draft::new(Kind::OrganisationRegistered)
            .fact("organisation", organisation.id)
            .fact("bootstrap", true);
        self.record(&mut change, draft).await?;
        let mut files = Vec::new();
        for role in [Role::SystemAdministrator, Role::SecurityAdministrator] {
            let issued = self
                .bootstrap_account(&mut change, &organisation, role)
                .await?;
            let file = format!("{role}.token");
            self.write_secret(&file, &issued.secret)?;
            files.push(file);
        }
        self.commit(change).await?;
        Ok(Some(Bootstrap { files }))
    }

    async fn bootstrap_account(
        &self,
        change: &mut Change,
        organisation: &Organisation,
        role: Role,
    ) -> Result<IssuedToken, LifecycleError> {
        let person = Person {
            id: PersonId::new(&*self.ids),
            organisation: organisation.id,
        };
        change.put_person(&person).await?;
        let from = self.clock.now();
        let name = Name::parse(role.as_str()).map_err(|_| LifecycleError::Impossible {
            detail: "a role without name",
        })?;
        let account = Account {
            id: AccountId::new(&*self.ids),
            name,
            person: person.id,
            organisation: organisation.id,
            appointments: vec![Appointment {
                role,
                from,
                until: None,
                remit: Remit::default(),
            }],
            active: true,
        };
        change.put_account(&account).await?;
        let issued = self
            .put_token(change, account.id, TokenKind::Api, None, API_TOKEN_SECONDS)
            .await?;
        let draft = Draft::new(Kind::AccountCreated)
            .fact("account", account.id)
            .fact("role", role.as_str())
            .fact("token", issued.id)
            .fact("bootstrap", true);
        self.record(change, draft).await?;
        Ok(issued)
    }

    fn write_secret(&self, file: &str, secret: &str) -> Result<(), LifecycleError> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let mut file = self
            .data
            .open_with(file, &options)
            .map_err(LifecycleError::data("to write a token"))?;
        file.write_all(secret.as_bytes())
            .map_err(LifecycleError::data("to write a token"))
    }

    async fn put_token(
        &self,
        change: &mut Change,
        account: AccountId,
        kind: TokenKind,
        label: Option<Name>,
        seconds: i64,
    ) -> Result<IssuedToken, LifecycleError> {
        let mut random = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut random).map_err(|_| crate::KeyError::Random)?;
        let secret = format!("yunei_{}", hex::encode(random));
        let issued_at = self.clock.now();
        let expires_at = issued_at.plus_seconds(seconds);
        let id = TokenId::new(&*self.ids);
        let digest = Digest::of(secret.as_bytes());
        change
            .put_token(&Token {
                id,
                digest,
                account,
                kind,
                label,
                issued_at,
                expires_at,
            })
            .await?;
        Ok(IssuedToken {
            id,
            secret,
            expires_at,
        })
    }

    pub(crate) fn hash_password(&self, password: &str) -> Result<String, LifecycleError> {
        if password.chars().count() < PASSWORD_CHARACTERS_MIN || password.len() > PASSWORD_BYTES_MAX
        {
            let detail = format!("a password has {PASSWORD_CHARACTERS_MIN} characters at least");
            return Err(yunei_model::Refusal::new(Code::BadRequest)
                .detail(detail)
                .into());
        }
        hash(password)
    }
}

/// Hashes with argon2id, the crate's recommended parameters, and a fresh salt.
pub(crate) fn hash(password: &str) -> Result<String, LifecycleError> {
    let mut salt = [0_u8; 16];
    getrandom::fill(&mut salt).map_err(|_| crate::KeyError::Random)?;
    let failed = |_| LifecycleError::Impossible {
        detail: "a password that cannot be hashed",
    };
    let salt = SaltString::encode_b64(&salt).map_err(failed)?;
    Ok(Argon2::default()
        .hash_password(password.as_bytes(), &salt)
        .map_err(failed)?
        .to_string())
}

fn verify(password: &str, hash: &str) -> bool {
    password.len() <= PASSWORD_BYTES_MAX
        && PasswordHash::new(hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        })
}

fn host_name() -> Result<Name, LifecycleError> {
    Name::parse("host").map_err(|_| LifecycleError::Impossible {
        detail: "a name that is none",
    })
}
