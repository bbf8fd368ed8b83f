//! Lock-out: an account name that fails to sign in too often is refused for a while, whatever password comes with it.
//!
//! It looks the same for names of nobody: what is counted is what was typed. A lock-out is on the record once; what is
//! refused by it is not.

use yunei_authority::{Action, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{Account, AccountId, Code, Digest, Name, Timestamp};
use yunei_store::{Change, SignInFailures};

use crate::{Actor, Domain, LifecycleError, RequestTrace};

/// Failed sign-ins under one name that lock it out.
pub const SIGN_IN_FAILURES_MAX: u64 = 10;
/// Seconds within which they count.
pub const SIGN_IN_WINDOW_SECONDS: i64 = 900;
/// Seconds that a lock-out lasts.
pub const SIGN_IN_LOCK_SECONDS: i64 = 900;

/// What failures are counted under: no text that somebody typed is kept.
pub(crate) fn typed(name: &Name) -> Digest {
    Digest::of(format!("sign-in of {name}").as_bytes())
}

/// Refuses while a name is locked out. A lock-out lasts no longer than it may when the clock is put back: one that would begin in the
/// future is over.
pub(crate) fn refuse_locked(
    failures: Option<&SignInFailures>,
    now: Timestamp,
) -> Result<(), LifecycleError> {
    match failures {
        Some(failures)
            if now < failures.locked_until
                && now >= failures.locked_until.plus_seconds(-SIGN_IN_LOCK_SECONDS) =>
        {
            Err(Code::SignInLocked.into())
        }
        _ => Ok(()),
    }
}

/// One failure more; the last of too many locks the name out.
fn failed_again(earlier: Option<SignInFailures>, now: Timestamp) -> SignInFailures {
    let fresh = SignInFailures {
        failures: 0,
        since: now,
        locked_until: Timestamp::from_micros(0),
    };
    // What was locked and is not any more begins anew, and so does what failed long ago.
    let counted = earlier.filter(|earlier| {
        earlier.failures < SIGN_IN_FAILURES_MAX
            && now < earlier.since.plus_seconds(SIGN_IN_WINDOW_SECONDS)
    });
    let mut failures = counted.unwrap_or(fresh);
    failures.failures += 1;
    if failures.failures >= SIGN_IN_FAILURES_MAX {
        failures.locked_until = now.plus_seconds(SIGN_IN_LOCK_SECONDS);
    }
    failures
}

impl Domain {
    /// Puts a failed sign-in on the record, and counts it.
    pub(crate) async fn count_failure(
        &self,
        mut change: Change,
        typed: &Digest,
        known: Option<AccountId>,
        trace: &RequestTrace,
    ) -> Result<(), LifecycleError> {
        let now = self.clock.now();
        let failures = failed_again(change.sign_in_failures(typed).await?, now);
        let expired = now.plus_seconds(-SIGN_IN_WINDOW_SECONDS);
        change.remove_sign_in_failures_before(expired, now).await?;
        change.put_sign_in_failures(typed, &failures).await?;
        let locks = now < failures.locked_until;
        let draft = if locks {
            Draft::new(Kind::SignInLocked)
                .fact("account", known)
                .fact("failures", failures.failures)
                .fact("until", failures.locked_until.as_micros())
        } else {
            Draft::new(Kind::SignInFailed)
        };
        self.record(&mut change, trace.observe(draft)).await?;
        self.commit(change).await
    }

    /// Lifts the lock-out of an account.
    ///
    /// # Errors
    /// Refused by policy; [`Code::WrongState`] when it is not locked out.
    pub async fn lift_lock_out(
        &self,
        actor: &Actor,
        id: AccountId,
        reason: &str,
    ) -> Result<Account, LifecycleError> {
        let account = self.store.account(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Account(self.account_target(&account).await?);
        let permit = self.permit(actor, Action::LiftLockOut, &target).await?;
        let typed = typed(&account.name);
        let mut change = self.store.begin().await?;
        let failures = change.sign_in_failures(&typed).await?;
        if refuse_locked(failures.as_ref(), self.clock.now()).is_ok() {
            return Err(Code::WrongState.into());
        }
        change.remove_sign_in_failures(&typed).await?;
        let draft = permit
            .draft(Kind::SignInUnlocked, actor)
            .fact("account", id)
            .fact("reason", crate::stop::kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_too_many_failures_locks_and_what_is_over_begins_anew() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000 + 1);
        let mut failures = None;
        for second in 1..SIGN_IN_FAILURES_MAX as i64 {
            failures = Some(failed_again(failures, at(second)));
            refuse_locked(failures.as_ref(), at(second)).unwrap();
        }
        let locked = failed_again(failures, at(20));
        let until = 20 + SIGN_IN_LOCK_SECONDS;
        for second in [20, until - 1] {
            let refused = refuse_locked(Some(&locked), at(second)).unwrap_err();
            assert_eq!(refused.code(), Code::SignInLocked);
        }
        refuse_locked(Some(&locked), at(until)).unwrap();
        assert_eq!(failed_again(Some(locked), at(until)).failures, 1);
        // Failures that are far apart never lock.
        let slow = failed_again(failures, at(1 + SIGN_IN_WINDOW_SECONDS));
        assert_eq!(slow.failures, 1);
    }
}
