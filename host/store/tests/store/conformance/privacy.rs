//! What populations have spent of their privacy, and the budgets that were set for them.

use yunei_model::{BudgetId, BudgetState, Name, PrivacyBudget, PrivacyCharge, PrivacyCharged};
use yunei_store::{Page, Store, StoreError};

use crate::fixture::{NOON, World};

pub async fn cases(store: &Store, world: &World) {
    charges_add_up_and_are_never_undone(store, world).await;
    a_population_has_one_budget_in_force(store, world).await;
    charges_at_once_are_seen_by_each_other(store, world).await;
}

const fn charge(epsilon_nano: u64, rho_pico: u64) -> PrivacyCharge {
    PrivacyCharge {
        epsilon_nano,
        rho_pico,
    }
}

fn population(name: &str) -> Name {
    name.parse().unwrap()
}

async fn charges_add_up_and_are_never_undone(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let residents = population("residents");
    assert_eq!(store.privacy_spent(&residents).await.unwrap(), charge(0, 0));
    let mut runs = Vec::new();
    for (name, amount) in [
        ("residents", charge(100, 0)),
        ("residents", charge(0, 7)),
        ("firms", charge(5, 0)),
    ] {
        let run = world.ended_run(store, &setting).await.id;
        let charged = PrivacyCharged {
            run,
            population: population(name),
            charge: amount,
            at: NOON,
        };
        let mut change = store.begin().await.unwrap();
        change.put_privacy_charge(&charged).await.unwrap();
        world.commit(change).await.unwrap();
        runs.push(charged);
    }
    assert_eq!(
        store.privacy_spent(&residents).await.unwrap(),
        charge(100, 7)
    );
    let mut change = store.begin().await.unwrap();
    let twice = change.put_privacy_charge(&runs[0]).await;
    assert!(
        matches!(twice, Err(StoreError::Taken { .. })),
        "a run is charged once"
    );
    drop(change);
    let listed = store.privacy_charges(&residents, None, 9).await.unwrap();
    let mut wanted = runs[..2].to_vec();
    wanted.sort_by_key(|charged| charged.run);
    assert_eq!(listed, wanted);
    let rest = store
        .privacy_charges(&residents, Some(wanted[0].run), 9)
        .await
        .unwrap();
    assert_eq!(rest, wanted[1..]);
    let own = store.privacy_charges_of_run(runs[2].run).await.unwrap();
    assert_eq!(own, runs[2..]);
    // An entry must go with it.
    let run = world.ended_run(store, &setting).await.id;
    let mut change = store.begin().await.unwrap();
    change
        .put_privacy_charge(&PrivacyCharged {
            run,
            ..runs[0].clone()
        })
        .await
        .unwrap();
    assert!(matches!(
        change.commit().await,
        Err(StoreError::NotRecorded)
    ));
}

async fn a_population_has_one_budget_in_force(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let patients = population("patients");
    let budget = |epsilon, state| PrivacyBudget {
        id: BudgetId::new(&world.ids),
        population: patients.clone(),
        epsilon,
        delta: 1e-9,
        reason: "yearly plan".to_owned(),
        state,
        set_by: setting.account.id,
        set_by_person: setting.account.person,
        set_at: NOON,
        signed_by: None,
        signed_by_person: None,
        signed_at: None,
    };
    let mut first = budget(1.0, BudgetState::InForce);
    let second = budget(2.0, BudgetState::InForce);
    let asked = budget(3.0, BudgetState::Proposed);
    let mut change = store.begin().await.unwrap();
    change.put_privacy_budget(&first).await.unwrap();
    change.put_privacy_budget(&asked).await.unwrap();
    world.commit(change).await.unwrap();
    let mut change = store.begin().await.unwrap();
    let both = change.put_privacy_budget(&second).await;
    assert!(matches!(both, Err(StoreError::Taken { .. })));
    drop(change);
    let mut change = store.begin().await.unwrap();
    first.state = BudgetState::Superseded;
    change.put_privacy_budget(&first).await.unwrap();
    change.put_privacy_budget(&second).await.unwrap();
    world.commit(change).await.unwrap();
    let in_force = store.privacy_budget_in_force(&patients).await.unwrap();
    assert_eq!(in_force, Some(second.clone()));
    let all = store
        .privacy_budgets(Some(&patients), Page::first(9))
        .await
        .unwrap();
    assert_eq!(all.len(), 3);
    assert_eq!(store.privacy_budget(asked.id).await.unwrap(), Some(asked));
    assert_eq!(store.privacy_budgets_in_force().await.unwrap(), [second]);
    let unset = population("nobody");
    assert_eq!(store.privacy_budget_in_force(&unset).await.unwrap(), None);
}

/// Whoever reads and charges within one change sees all charges before: there is one writer.
async fn charges_at_once_are_seen_by_each_other(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let pupils = population("pupils");
    let mut runs = Vec::new();
    for _ in 0..8 {
        runs.push(world.ended_run(store, &setting).await.id);
    }
    let attempts = runs.iter().map(|run| async {
        let mut change = store.begin().await.unwrap();
        let spent = change.privacy_spent(&pupils).await.unwrap();
        if spent.plus(charge(1, 0)).epsilon_nano > 3 {
            return false;
        }
        let charged = PrivacyCharged {
            run: *run,
            population: pupils.clone(),
            charge: charge(1, 0),
            at: NOON,
        };
        change.put_privacy_charge(&charged).await.unwrap();
        world.commit(change).await.is_ok()
    });
    let outcomes = futures::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|charged| **charged).count(), 3);
    assert_eq!(store.privacy_spent(&pupils).await.unwrap(), charge(3, 0));
}
