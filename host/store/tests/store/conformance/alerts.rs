//! Alerts, their messages, and what else is kept beside the record: texts of policies, decoys.

use std::collections::{BTreeMap, BTreeSet};

use yunei_ledger::Kind;
use yunei_model::{
    Acknowledgement, Alert, AlertId, AlertLevel, AlertSubject, Digest, MessageState,
};
use yunei_store::{Page, Store, StoreError};

use crate::fixture::{NOON, Setting, World, text};

pub async fn cases(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    a_rule_has_one_open_alert_about_one_thing(store, world, &setting).await;
    a_webhook_gets_its_messages_in_order(store, world).await;
    the_rules_place_is_kept_without_an_entry(store).await;
    a_policy_text_stays_as_it_was_kept(store).await;
    decoys_are_of_their_resource(store, world, &setting).await;
}

fn alert(world: &World, subject: AlertSubject) -> Alert {
    Alert {
        id: AlertId::new(&world.ids),
        rule: "some-rule".parse().unwrap(),
        level: AlertLevel::Warning,
        title: text("title"),
        advice: text("advice"),
        subject,
        at: NOON,
        position: Some(7),
        operator: None,
        run: None,
        resources: BTreeSet::from([world.name("resource")]),
        figures: BTreeMap::from([("count".parse().unwrap(), 3)]),
        acknowledged: None,
    }
}

async fn put(store: &Store, world: &World, alert: &Alert) -> Result<(), StoreError> {
    let mut change = store.begin().await.unwrap();
    change.put_alert(alert).await?;
    change.record(&world.entry(Kind::AlertRaised)).await?;
    change.commit().await
}

async fn a_rule_has_one_open_alert_about_one_thing(
    store: &Store,
    world: &World,
    setting: &Setting,
) {
    let subject = AlertSubject::Grant(setting.grant.id);
    let mut first = alert(world, subject);
    put(store, world, &first).await.unwrap();
    assert_eq!(store.alert(first.id).await.unwrap(), Some(first.clone()));
    let found = store.open_alert(&first.rule, &subject).await.unwrap();
    assert_eq!(found, Some(first.clone()));
    let second = alert(world, subject);
    let again = put(store, world, &second).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })), "{again:?}");
    put(store, world, &alert(world, AlertSubject::Log))
        .await
        .unwrap();

    first.acknowledged = Some(Acknowledgement {
        account: setting.account.id,
        reason: "seen".to_owned(),
        at: NOON,
    });
    put(store, world, &first).await.unwrap();
    put(store, world, &second).await.unwrap();
    let open = store.alerts(true, Page::first(100)).await.unwrap();
    assert!(open.contains(&second) && !open.contains(&first));
    let all = store.alerts(false, Page::first(100)).await.unwrap();
    assert!(all.contains(&second) && all.contains(&first));
}

async fn a_webhook_gets_its_messages_in_order(store: &Store, world: &World) {
    let about = alert(world, AlertSubject::Record);
    let (one, other) = (world.name("hook"), world.name("hook"));
    let mut change = store.begin().await.unwrap();
    change.put_alert(&about).await.unwrap();
    for body in ["first", "second"] {
        change
            .queue_message(&one, about.id, body, NOON)
            .await
            .unwrap();
    }
    change
        .queue_message(&other, about.id, "third", NOON)
        .await
        .unwrap();
    change
        .record(&world.entry(Kind::AlertRaised))
        .await
        .unwrap();
    change.commit().await.unwrap();

    let mut next = store.next_message(&one).await.unwrap().unwrap();
    assert_eq!((next.body.as_str(), next.attempts), ("first", 0));
    next.attempts = 1;
    next.due_at = NOON.plus_seconds(60);
    next.answer = Some("status 503".to_owned());
    let mut change = store.begin().await.unwrap();
    change.keep_attempt(&next).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(
        store.next_message(&one).await.unwrap(),
        Some(next.clone()),
        "the later one waits"
    );
    for state in [MessageState::Delivered, MessageState::Dead] {
        let mut next = store.next_message(&one).await.unwrap().unwrap();
        next.state = state;
        let mut change = store.begin().await.unwrap();
        change.keep_attempt(&next).await.unwrap();
        change.commit().await.unwrap();
    }
    assert_eq!(store.next_message(&one).await.unwrap(), None);
    let all = store.messages_about(about.id).await.unwrap();
    let bodies: Vec<&str> = all.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["first", "second", "third"]);

    let mut change = store.begin().await.unwrap();
    let nowhere = AlertId::new(&world.ids);
    let dangling = change.queue_message(&one, nowhere, "body", NOON).await;
    assert!(
        matches!(dangling, Err(StoreError::Dangling { .. })),
        "{dangling:?}"
    );
}

async fn the_rules_place_is_kept_without_an_entry(store: &Store) {
    assert_eq!(store.alert_progress().await.unwrap(), 0);
    for position in [3, 9] {
        let mut change = store.begin().await.unwrap();
        change.keep_alert_progress(position).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.alert_progress().await.unwrap(), position);
    }
}

async fn a_policy_text_stays_as_it_was_kept(store: &Store) {
    let digest = Digest::of(b"a text");
    assert_eq!(store.policy_text(digest).await.unwrap(), None);
    for text in ["a text", "another"] {
        let mut change = store.begin().await.unwrap();
        change.keep_policy_text(digest, text).await.unwrap();
        change.commit().await.unwrap();
    }
    let kept = store.policy_text(digest).await.unwrap();
    assert_eq!(kept.as_deref(), Some("a text"));
}

async fn decoys_are_of_their_resource(store: &Store, world: &World, setting: &Setting) {
    let decoys = [Digest::of(b"1"), Digest::of(b"2"), Digest::of(b"1")];
    let mut change = store.begin().await.unwrap();
    change
        .put_decoys(setting.resource.id, &decoys)
        .await
        .unwrap();
    change
        .record(&world.entry(Kind::ResourceRegistered))
        .await
        .unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.decoys(setting.resource.id).await.unwrap().len(), 2);
    let other = yunei_model::ResourceId::new(&world.ids);
    assert!(store.decoys(other).await.unwrap().is_empty());
}
