//! Sealed outputs, verdicts, reviews, releases, deliveries.

use yunei_model::*;
use yunei_store::{HeldCertificate, Page, ReleaseFilter, Store, StoreError};

use crate::fixture::{NOON, Setting, World};

pub async fn cases(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    a_destroyed_output_has_no_key(store, world, &setting).await;
    a_release_is_written_once(store, world, &setting).await;
    a_person_reviews_a_run_once(store, world, &setting).await;
    a_reviewer_has_one_key(store, world, &setting).await;
    an_overtaken_judgement_takes_its_reviews_along(store, world, &setting).await;
    a_certificate_is_gathered_once(store, world, &setting).await;
}

async fn a_certificate_is_gathered_once(store: &Store, world: &World, setting: &Setting) {
    let held = |seconds: i64| HeldCertificate {
        release: ReleaseId::new(&world.ids),
        operator: setting.account.organisation,
        visible_from: NOON.plus_seconds(seconds),
        text: "yunei certificate v1\n{}\n".into(),
        figures: "[{\"calls\":3}]".into(),
        secret: vec![7; 32],
        gathered_by: None,
    };
    let (early, late) = (held(0), held(10));
    assert!(!format!("{early:?}").contains("calls"));
    let mut change = store.begin().await.unwrap();
    change.put_certificate(&late).await.unwrap();
    change.put_certificate(&early).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(
        store.certificate(early.release).await.unwrap(),
        Some(early.clone())
    );
    let nobody = ReleaseId::new(&world.ids);
    assert_eq!(store.certificate(nobody).await.unwrap(), None);
    let waiting = async |seconds| {
        let before = NOON.plus_seconds(seconds);
        store.certificates_waiting(before).await.unwrap()
    };
    assert_eq!(waiting(0).await, []);
    assert_eq!(waiting(10).await, std::slice::from_ref(&early));
    assert_eq!(waiting(11).await, [early.clone(), late.clone()]);
    let entry = EntryId::new(&world.ids);
    let mut change = store.begin().await.unwrap();
    change.put_gathered(early.release, entry).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(waiting(11).await, [late]);
    let gathered = store.certificate(early.release).await.unwrap().unwrap();
    assert_eq!(gathered.gathered_by, Some(entry));
    let mut change = store.begin().await.unwrap();
    let again = change.put_gathered(early.release, entry).await;
    assert!(matches!(again, Err(StoreError::Absent { .. })));
    drop(change);
    let mut change = store.begin().await.unwrap();
    let taken = change.put_certificate(&early).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
}

async fn a_destroyed_output_has_no_key(store: &Store, world: &World, setting: &Setting) {
    let run = world.ended_run(store, setting).await.id;
    let sealed = SealedOutput {
        run,
        digest: Digest::of(b"sealed"),
        bytes: 9,
    };
    assert_eq!(store.sealed_output(run).await.unwrap(), None);
    let mut change = store.begin().await.unwrap();
    change
        .put_sealed_output(&sealed, "sealed.bin", b"wrapped key")
        .await
        .unwrap();
    world.commit(change).await.unwrap();
    let held = store.sealed_output(run).await.unwrap().unwrap();
    assert_eq!(
        (held.sealed.clone(), held.file.as_str()),
        (sealed, "sealed.bin")
    );
    assert_eq!(held.wrapped_key.as_deref(), Some(&b"wrapped key"[..]));
    assert!(!format!("{held:?}").contains("wrapped"));
    assert!(store.sealed_outputs_held().await.unwrap().contains(&held));
    let mut change = store.begin().await.unwrap();
    assert_eq!(change.candidate(run).await.unwrap(), None);
    let candidate = Digest::of(b"candidate");
    change.put_candidate(run, &candidate).await.unwrap();
    change.destroy_sealed_output(run, NOON).await.unwrap();
    let again = change.destroy_sealed_output(run, NOON).await;
    assert!(matches!(again, Err(StoreError::Absent { .. })));
    world.commit(change).await.unwrap();
    store.truncate_log().await.unwrap();
    assert_eq!(store.candidate(run).await.unwrap(), Some(candidate));
    let mut change = store.begin().await.unwrap();
    let twice = change.put_candidate(run, &candidate).await;
    assert!(matches!(twice, Err(StoreError::Taken { .. })));
    drop(change);
    let gone = store.sealed_output(run).await.unwrap().unwrap();
    assert_eq!((gone.wrapped_key, gone.destroyed_at), (None, Some(NOON)));
    assert_eq!(store.sealed_outputs_held().await.unwrap(), []);
}

/// What people said about a judgement that something overtook is no review of the run any more, and is kept.
async fn an_overtaken_judgement_takes_its_reviews_along(
    store: &Store,
    world: &World,
    setting: &Setting,
) {
    let run = world.ended_run(store, setting).await.id;
    assert_eq!(store.judgement(run).await.unwrap(), None);
    let review = ReleaseReview {
        id: ReviewId::new(&world.ids),
        reviewer: setting.account.id,
        person: setting.account.person,
        outcome: ReviewOutcome::Approved,
        reason: "harmless".to_owned(),
        at: NOON,
    };
    let first = HeldJudgement {
        audited_to: 7,
        ..HeldJudgement::FIRST
    };
    let sealed = SealedOutput {
        run,
        digest: Digest::of(b"anew"),
        bytes: 9,
    };
    let mut change = store.begin().await.unwrap();
    change.put_judgement(run, &first).await.unwrap();
    change.put_release_review(run, &review).await.unwrap();
    change
        .put_sealed_output(&sealed, "first", b"wrapped key")
        .await
        .unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.judgement(run).await.unwrap(), Some(first));

    let overtaken = Overtaken {
        judgement: 1,
        at: NOON,
        left: 2,
        reviews: vec![review.clone()],
    };
    let second = HeldJudgement {
        number: 2,
        audited_to: 9,
        salt: Some(Digest::of(b"salt")),
    };
    let candidate = Digest::of(b"candidate anew");
    let mut change = store.begin().await.unwrap();
    change.set_judgement_aside(run, &overtaken).await.unwrap();
    change.put_judgement(run, &second).await.unwrap();
    change.replace_verdicts(run, &[]).await.unwrap();
    change
        .move_sealed_output(run, "second", &candidate)
        .await
        .unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.judgement(run).await.unwrap(), Some(second));
    assert_eq!(store.release_reviews(run).await.unwrap(), []);
    assert_eq!(
        store.overtaken_judgements(run).await.unwrap(),
        std::slice::from_ref(&overtaken)
    );
    assert_eq!(store.candidate(run).await.unwrap(), Some(candidate));
    let sealed = store.sealed_output(run).await.unwrap().unwrap();
    assert_eq!(sealed.file, "second");
    let mut change = store.begin().await.unwrap();
    // The same person says yes to the new one.
    change.put_release_review(run, &review).await.unwrap();
    let twice = change.set_judgement_aside(run, &overtaken).await;
    assert!(matches!(twice, Err(StoreError::Taken { .. })));
    drop(change);
    let mut change = store.begin().await.unwrap();
    change.destroy_sealed_output(run, NOON).await.unwrap();
    let gone = change.move_sealed_output(run, "third", &candidate).await;
    assert!(matches!(gone, Err(StoreError::Absent { .. })));
    world.commit(change).await.unwrap();
}

fn release(world: &World, run: RunId) -> Release {
    let output = world.name("output");
    let values = vec![
        Value::Integer(7),
        Value::Number(2.0),
        Value::Absent,
        Value::Text("甲".into()),
    ];
    let column = Column {
        name: output.clone(),
        title: None,
        values,
    };
    Release {
        id: ReleaseId::new(&world.ids),
        run,
        output,
        route: Route::Recomputed,
        table: Table::new(vec![column]).unwrap(),
        at: NOON,
    }
}

async fn a_release_is_written_once(store: &Store, world: &World, setting: &Setting) {
    let run = world.ended_run(store, setting).await.id;
    let release = release(world, run);
    let (id, output) = (release.id, &release.output);
    let delivery = Delivery {
        id: DeliveryId::new(&world.ids),
        release: id,
        format: Format::Csv,
        account: setting.account.id,
        at: NOON,
    };
    let mut change = store.begin().await.unwrap();
    change.put_release(&release).await.unwrap();
    change.put_delivery(&delivery).await.unwrap();
    world.commit(change).await.unwrap();
    let one = Some(&release);
    assert_eq!(store.release(id).await.unwrap().as_ref(), one);
    let of_output = store.release_of_output(run, output).await.unwrap();
    assert_eq!(of_output.as_ref(), one);
    let alone = std::slice::from_ref(&release);
    assert_eq!(store.releases_of_run(run).await.unwrap(), alone);
    for filter in [
        ReleaseFilter::default(),
        ReleaseFilter {
            operator: Some(setting.organisation.id),
            run: None,
        },
        ReleaseFilter {
            operator: None,
            run: Some(run),
        },
    ] {
        let listed = store.releases(&filter, Page::first(9)).await.unwrap();
        assert_eq!(listed, alone, "{filter:?}");
    }
    let other = ReleaseFilter {
        run: Some(RunId::new(&world.ids)),
        ..ReleaseFilter::default()
    };
    assert_eq!(store.releases(&other, Page::first(9)).await.unwrap(), []);
    let delivered = store.deliveries(id, Page::first(9)).await.unwrap();
    assert_eq!(delivered, [delivery]);
    let mut again = release.clone();
    again.id = ReleaseId::new(&world.ids);
    let mut change = store.begin().await.unwrap();
    let taken = change.put_release(&again).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
    drop(change);
    again.run = RunId::new(&world.ids);
    let mut change = store.begin().await.unwrap();
    let dangling = change.put_release(&again).await;
    assert!(matches!(dangling, Err(StoreError::Dangling { .. })));
}

async fn a_person_reviews_a_run_once(store: &Store, world: &World, setting: &Setting) {
    let run = world.ended_run(store, setting).await.id;
    let verdict = Verdict {
        output: world.name("output"),
        route: Route::Reviewed,
        profile: Name::parse("yunei").unwrap(),
        profile_digest: Digest::of(b"profile"),
        decision: Decision::Review,
        cells_total: 4,
        cells_released: 0,
        cells_failed: 0,
        cells_complementary: 0,
        cells: Vec::new(),
        hints: vec![Hint::AwaitReview],
        reasons: Vec::new(),
        routine: false,
        overlaps: Overlaps::default(),
        checks: Some(Checks {
            cells: 4,
            primary: vec![2],
            ..Checks::default()
        }),
    };
    let review = |person| ReleaseReview {
        id: ReviewId::new(&world.ids),
        reviewer: setting.account.id,
        person,
        outcome: ReviewOutcome::Approved,
        reason: "可".into(),
        at: NOON,
    };
    let (first, second) = (review(setting.person.id), review(PersonId::new(&world.ids)));
    let mut change = store.begin().await.unwrap();
    change.put_verdict(run, &verdict).await.unwrap();
    change.put_release_review(run, &first).await.unwrap();
    change.put_release_review(run, &second).await.unwrap();
    world.commit(change).await.unwrap();
    let checks = store.checks(run, &verdict.output).await.unwrap();
    assert_eq!(checks, verdict.checks);
    let other = world.name("other");
    assert_eq!(store.checks(run, &other).await.unwrap(), None);
    let light = Verdict {
        checks: None,
        ..verdict
    };
    let kept = store.verdicts(run).await.unwrap();
    assert_eq!(kept, std::slice::from_ref(&light));
    let anew = Verdict {
        checks: Some(Checks {
            cells: 9,
            ..Checks::default()
        }),
        ..light
    };
    let mut change = store.begin().await.unwrap();
    let verdicts = std::slice::from_ref(&anew);
    change.replace_verdicts(run, verdicts).await.unwrap();
    world.commit(change).await.unwrap();
    let output = &anew.output;
    assert_eq!(store.checks(run, output).await.unwrap(), anew.checks);
    assert_eq!(store.release_reviews(run).await.unwrap(), [first, second]);
    let mut change = store.begin().await.unwrap();
    let again = change
        .put_release_review(run, &review(setting.person.id))
        .await;
    assert!(matches!(again, Err(StoreError::Taken { .. })));
}

async fn a_reviewer_has_one_key(store: &Store, world: &World, setting: &Setting) {
    let account = setting.account.id;
    let text = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
    let mut key = ReviewerKey {
        account,
        person: setting.person.id,
        recipient: Recipient::parse(text).unwrap(),
        registered_at: NOON,
        in_force: false,
        confirmed_by: None,
    };
    assert_eq!(store.reviewer_key(account).await.unwrap(), None);
    for in_force in [false, true] {
        key.in_force = in_force;
        let mut change = store.begin().await.unwrap();
        change.put_reviewer_key(&key).await.unwrap();
        world.commit(change).await.unwrap();
        assert_eq!(
            store.reviewer_key(account).await.unwrap(),
            Some(key.clone())
        );
    }
    key.account = AccountId::new(&world.ids);
    let mut change = store.begin().await.unwrap();
    let dangling = change.put_reviewer_key(&key).await;
    assert!(matches!(dangling, Err(StoreError::Dangling { .. })));
}
