use yunei_model::Status;

use crate::fixture::{FILES, profile};
use crate::{Ceiling, Floor, Profile, ProfileError, RoundingMethod, round_count, threshold, zero};

#[test]
fn every_file_is_a_profile_of_its_own_name() {
    let mut digests = Vec::new();
    for (name, text) in FILES {
        let profile = Profile::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(profile.name().as_str(), name);
        assert_eq!(profile.digest(), yunei_model::Digest::of(text.as_bytes()));
        digests.push(profile.digest());
    }
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), FILES.len());
}

/// Least n that passes, and whether an empty cell fails: where practices disagree.
#[test]
fn thresholds_keep_the_boundary_of_their_origin() {
    let expected = [
        ("yunei", 10, Status::Fail),
        ("acro", 10, Status::Fail),
        ("datashield", 3, Status::Pass),
        ("opensafely", 8, Status::Pass),
        ("opensafely-midpoint", 8, Status::Pass),
        ("sdctable", 4, Status::Pass),
    ];
    for (name, least, empty) in expected {
        let profile = profile(name);
        let rule = &profile.settings().threshold;
        assert_eq!(threshold(least, rule).status, Status::Pass, "{name}");
        assert_eq!(threshold(least - 1, rule).status, Status::Fail, "{name}");
        assert_eq!(threshold(1, rule).status, Status::Fail, "{name}");
        assert_eq!(threshold(0, rule).status, Status::Pass, "{name}");
        assert_eq!(zero(0, &profile.settings().zero).status, empty, "{name}");
        assert_eq!(zero(1, &profile.settings().zero).status, Status::Pass);
    }
}

#[test]
fn dominance_and_rounding_are_those_of_the_design() {
    let dominance = |name: &str| {
        let settings = profile(name).settings().clone();
        settings
            .dominance
            .map(|d| (d.contributors, d.share, d.fails))
    };
    assert_eq!(dominance("yunei"), Some((2, 0.85, Ceiling::AtOrAbove)));
    assert_eq!(dominance("acro"), Some((2, 0.90, Ceiling::AtOrAbove)));
    assert_eq!(dominance("sdctable"), Some((2, 0.85, Ceiling::Above)));
    assert_eq!(dominance("datashield"), None);
    assert_eq!(dominance("opensafely"), None);
    let p = |name: &str| {
        profile(name)
            .settings()
            .p_percent
            .map(|p| (p.share, p.fails))
    };
    assert_eq!(p("yunei"), Some((0.10, Floor::Below)));
    assert_eq!(p("acro"), Some((0.10, Floor::Below)));
    assert_eq!(p("sdctable"), Some((0.80, Floor::Below)));
    let pq = profile("sdctable").settings().prior_posterior.unwrap();
    assert_eq!((pq.p, pq.q), (25.0, 50.0));
    let rounded = |name: &str, n| {
        profile(name)
            .settings()
            .rounding
            .map(|r| round_count(n, &r))
    };
    assert_eq!(rounded("yunei", 17), Some(20));
    assert_eq!(rounded("acro", 14), Some(10));
    assert_eq!(rounded("opensafely", 13), Some(15));
    assert_eq!(rounded("opensafely-midpoint", 13), Some(15));
    assert_eq!(rounded("opensafely-midpoint", 12), Some(9));
    assert_eq!(rounded("datashield", 13), None);
    let midpoint = profile("opensafely-midpoint").settings().rounding.unwrap();
    assert_eq!(midpoint.method, RoundingMethod::Midpoint);
    assert_eq!(
        profile("opensafely").settings().size.unwrap().rows_max,
        5000
    );
}

#[test]
fn yunei_is_no_laxer_than_any_other_on_subjects() {
    let own = profile("yunei");
    let least = |p: &Profile| {
        (1..100).find(|n| threshold(*n, &p.settings().threshold).status == Status::Pass)
    };
    for (name, _) in FILES {
        assert!(least(&own) >= least(&profile(name)), "{name}");
    }
}

#[test]
fn what_cannot_be_compared_fails() {
    for floor in [Floor::Below, Floor::AtOrBelow] {
        assert!(floor.fails(f64::NAN, 1.0));
        assert!(!floor.fails(2.0, 1.0));
    }
    for ceiling in [Ceiling::AtOrAbove, Ceiling::Above] {
        assert!(ceiling.fails(f64::NAN, 1.0));
        assert!(!ceiling.fails(0.5, 1.0));
    }
}

#[test]
fn a_profile_that_makes_no_sense_is_refused_with_every_field() {
    let text = FILES[0].1;
    let broken = text
        .replace("share = 0.85", "share = 85")
        .replace("contributors = 2", "contributors = 4")
        .replace("interval_count = 10", "interval_count = 0");
    assert_eq!(
        Profile::parse(&broken),
        Err(ProfileError::Bounds {
            broken: vec![
                "dominance.contributors",
                "dominance.share",
                "suppression.interval_count"
            ]
        })
    );
    for syntax in ["", "name = 1", &format!("laxer = true\n{text}")] {
        assert!(
            matches!(Profile::parse(syntax), Err(ProfileError::Syntax { .. })),
            "{syntax}"
        );
    }
    let nan = text.replace("share = 0.85", "share = nan");
    assert!(matches!(
        Profile::parse(&nan),
        Err(ProfileError::Bounds { .. })
    ));
    let long = format!("{text}#{}", " ".repeat(70_000));
    assert!(matches!(
        Profile::parse(&long),
        Err(ProfileError::TooLong { .. })
    ));
}
