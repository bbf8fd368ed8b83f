//! Organisations, accounts, passwords, tokens, the emergency stop.

use yunei_model::{Digest, Name, StopRequest, StopRequestId, StopTarget, TokenId};
use yunei_store::{Emergency, Page, SignInFailures, Store, StoreError, Token, TokenKind};

use crate::fixture::{NOON, Setting, World};

pub async fn cases(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    accounts_are_found(store, world, &setting).await;
    a_password_is_apart_and_is_replaced(store, world, &setting).await;
    a_token_holds_until_it_expires_or_is_removed(store, world, &setting).await;
    settings_are_kept(store, world, &setting).await;
    failures_are_counted_and_forgotten(store, world).await;
    a_closed_account_keeps_no_token(store, world, &setting).await;
    requests_for_stops_are_listed(store, world, &setting).await;
}

async fn failures_are_counted_and_forgotten(store: &Store, world: &World) {
    let (one, other) = (Digest::of(b"one"), Digest::of(b"other"));
    let failed = |failures, since, locked_until| SignInFailures {
        failures,
        since: NOON.plus_seconds(since),
        locked_until: NOON.plus_seconds(locked_until),
    };
    let mut change = store.begin().await.unwrap();
    let first = failed(1, 0, -100);
    change.put_sign_in_failures(&one, &first).await.unwrap();
    let (again, locked) = (failed(2, 0, -100), failed(9, 0, 50));
    change.put_sign_in_failures(&one, &again).await.unwrap();
    change.put_sign_in_failures(&other, &locked).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.sign_in_failures(&one).await.unwrap(), Some(again));
    assert_eq!(store.sign_in_failures(&other).await.unwrap(), Some(locked));
    // What still locks somebody out is kept, however old.
    let mut change = store.begin().await.unwrap();
    let (at, now) = (NOON.plus_seconds(10), NOON.plus_seconds(49));
    let gone = change.remove_sign_in_failures_before(at, now).await;
    assert_eq!(gone.unwrap(), 1);
    assert_eq!(change.sign_in_failures(&one).await.unwrap(), None);
    assert_eq!(change.remove_sign_in_failures(&other).await.unwrap(), 1);
    assert_eq!(change.remove_sign_in_failures(&other).await.unwrap(), 0);
    world.commit(change).await.unwrap();
}

async fn a_closed_account_keeps_no_token(store: &Store, world: &World, setting: &Setting) {
    let account = setting.account.id;
    let mut change = store.begin().await.unwrap();
    for number in [1_u8, 2] {
        let token = Token {
            id: TokenId::new(&world.ids),
            digest: Digest::of(&[number, 77]),
            account,
            kind: TokenKind::Api,
            label: None,
            issued_at: NOON,
            expires_at: NOON.plus_seconds(10),
        };
        change.put_token(&token).await.unwrap();
    }
    assert!(change.remove_tokens(account).await.unwrap() >= 2);
    world.commit(change).await.unwrap();
    let left = store.tokens(account, Page::first(9)).await.unwrap();
    assert_eq!(left, []);
}

async fn requests_for_stops_are_listed(store: &Store, world: &World, setting: &Setting) {
    let request = |target| StopRequest {
        id: StopRequestId::new(&world.ids),
        target,
        reason: "a complaint".into(),
        account: setting.account.id,
        organisation: setting.organisation.id,
        at: NOON,
    };
    let grant = setting.grant.id;
    let requests = [
        request(StopTarget::Domain),
        request(StopTarget::Grant { grant }),
    ];
    let mut change = store.begin().await.unwrap();
    for request in &requests {
        change.put_stop_request(request).await.unwrap();
    }
    world.commit(change).await.unwrap();
    let listed = store.stop_requests(Page::first(9)).await.unwrap();
    assert_eq!(listed, requests);
}

async fn accounts_are_found(store: &Store, world: &World, setting: &Setting) {
    let (organisation, account) = (&setting.organisation, &setting.account);
    let by_name = store
        .organisation_by_name(&organisation.name)
        .await
        .unwrap();
    assert_eq!(by_name.as_ref(), Some(organisation));
    assert_eq!(
        store.person(setting.person.id).await.unwrap().as_ref(),
        Some(&setting.person)
    );
    assert_eq!(
        store.account(account.id).await.unwrap().as_ref(),
        Some(account)
    );
    assert_eq!(
        store.account_by_name(&account.name).await.unwrap().as_ref(),
        Some(account)
    );
    assert_eq!(
        store
            .account_by_name(&Name::parse("nobody").unwrap())
            .await
            .unwrap(),
        None
    );
    let of_person = store.accounts_of_person(account.person).await.unwrap();
    assert_eq!(&of_person, std::slice::from_ref(account));
    let of_unit = store
        .accounts(Some(organisation.id), Page::first(10))
        .await
        .unwrap();
    assert_eq!(&of_unit, std::slice::from_ref(account));
    // An account without its person is refused, and a change of it is kept.
    let (_, homeless) = world.account(organisation);
    let mut change = store.begin().await.unwrap();
    let dangling = change.put_account(&homeless).await;
    assert!(matches!(
        dangling,
        Err(StoreError::Dangling { thing: "account" })
    ));
    drop(change);
    let mut closed = account.clone();
    closed.active = false;
    let mut change = store.begin().await.unwrap();
    change.put_account(&closed).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.account(account.id).await.unwrap(), Some(closed));
}

async fn a_password_is_apart_and_is_replaced(store: &Store, world: &World, setting: &Setting) {
    let account = setting.account.id;
    assert_eq!(store.password_hash(account).await.unwrap(), None);
    for hash in ["$argon2id$1", "$argon2id$2"] {
        let mut change = store.begin().await.unwrap();
        change.put_password_hash(account, hash).await.unwrap();
        world.commit(change).await.unwrap();
        assert_eq!(
            store.password_hash(account).await.unwrap().as_deref(),
            Some(hash)
        );
    }
}

async fn a_token_holds_until_it_expires_or_is_removed(
    store: &Store,
    world: &World,
    setting: &Setting,
) {
    let token = |secret: &[u8], seconds| Token {
        id: TokenId::new(&world.ids),
        digest: Digest::of(secret),
        account: setting.account.id,
        kind: TokenKind::Api,
        label: None,
        issued_at: NOON,
        expires_at: NOON.plus_seconds(seconds),
    };
    let (short, long) = (token(b"short", 10), token(b"long", 1000));
    let mut change = store.begin().await.unwrap();
    change.put_token(&short).await.unwrap();
    change.put_token(&long).await.unwrap();
    world.commit(change).await.unwrap();
    let at = |seconds| store.token_by_digest(&short.digest, NOON.plus_seconds(seconds));
    assert_eq!(at(9).await.unwrap().as_ref(), Some(&short));
    assert_eq!(at(10).await.unwrap(), None);
    let mine = store
        .tokens(setting.account.id, Page::first(10))
        .await
        .unwrap();
    assert_eq!(mine, [short.clone(), long.clone()]);
    let mut change = store.begin().await.unwrap();
    assert_eq!(
        change
            .remove_expired_tokens(NOON.plus_seconds(10))
            .await
            .unwrap(),
        1
    );
    change.commit().await.unwrap();
    assert_eq!(store.token(short.id).await.unwrap(), None);
    let mut change = store.begin().await.unwrap();
    change.remove_token(long.id).await.unwrap();
    let again = change.remove_token(long.id).await;
    assert!(matches!(again, Err(StoreError::Absent { .. })));
    world.commit(change).await.unwrap();
    assert_eq!(
        store.token_by_digest(&long.digest, NOON).await.unwrap(),
        None
    );
}

async fn settings_are_kept(store: &Store, world: &World, setting: &Setting) {
    let emergency = Emergency {
        account: setting.account.id,
        reason: "演练".into(),
        at: NOON,
    };
    let mut change = store.begin().await.unwrap();
    change.put_emergency(Some(&emergency)).await.unwrap();
    let name = Name::parse("emergency").unwrap();
    change.put_setting(&name, &vec![1, 2]).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.emergency().await.unwrap(), Some(emergency));
    assert_eq!(
        store.setting::<Vec<u8>>(&name).await.unwrap(),
        Some(vec![1, 2])
    );
    let mut change = store.begin().await.unwrap();
    change.put_emergency(None).await.unwrap();
    let again = change.put_emergency(None).await;
    assert!(matches!(again, Err(StoreError::Absent { .. })));
    world.commit(change).await.unwrap();
    assert_eq!(store.emergency().await.unwrap(), None);
}
