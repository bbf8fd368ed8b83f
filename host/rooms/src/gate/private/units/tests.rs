use std::collections::BTreeMap;

use super::*;

/// Rows of subjects by number, each naming a group or none.
type Rows = Vec<(u32, Option<i128>)>;

/// The group that each subject belongs to, by name.
fn assigned(rows: &Rows) -> BTreeMap<u32, Option<Key>> {
    let mut groups = Groups::default();
    let mut of: BTreeMap<u32, Option<usize>> = BTreeMap::new();
    for (subject, named) in rows {
        let named = named.map(|group| groups.number(Key::Integer(group)));
        let held = of.entry(*subject).or_default();
        *held = groups.least(*held, named);
    }
    let named = |group: Option<usize>| group.map(|group| groups.keys[group].clone());
    of.into_iter().map(|(s, group)| (s, named(group))).collect()
}

/// Made-up rows of twelve subjects in six groups, some of whom name several and some none.
fn town(seed: u64) -> Rows {
    let mut random = seed;
    let mut next = |below: u64| {
        // Knuth's linear congruential generator (The Art of Computer Programming, vol. 2, 3.3.4), upper half.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((random >> 32) * below) >> 32
    };
    let mut rows: Rows = (0..30)
        .map(|_| {
            let subject = u32::try_from(next(12)).unwrap();
            let group = next(7);
            (subject, (group > 0).then(|| i128::from(group) * 10))
        })
        .collect();
    // The order of rows is the order of subjects; which group comes first differs from town to town.
    rows.sort_by_key(|(subject, _)| *subject);
    rows
}

#[test]
fn a_subject_that_is_away_moves_nobody_else_to_another_group() {
    let mut several = 0;
    for seed in 0..300 {
        let rows = town(seed);
        let all = assigned(&rows);
        for subject in all.keys() {
            let own: std::collections::BTreeSet<_> =
                rows.iter().filter(|(s, _)| s == subject).collect();
            several += usize::from(own.len() > 1);
            let rest: Rows = rows.iter().filter(|(s, _)| s != subject).copied().collect();
            let mut others = all.clone();
            others.remove(subject);
            assert_eq!(assigned(&rest), others, "seed {seed}, without {subject}");
        }
    }
    assert!(several > 1_000, "subjects name several groups: {several}");
}

#[test]
fn a_subject_of_several_groups_belongs_to_the_least_of_them_whatever_came_first() {
    let rows = vec![
        (1, Some(30)),
        (1, None),
        (1, Some(20)),
        (2, Some(30)),
        (3, None),
    ];
    let of = assigned(&rows);
    assert_eq!(of[&1], Some(Key::Integer(20)));
    assert_eq!(of[&2], Some(Key::Integer(30)), "nobody joins 20 and 30");
    assert_eq!(of[&3], None);
}
