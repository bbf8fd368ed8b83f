use super::*;
use yunei_model::{CountingIds, RandomIds};

#[test]
fn places_are_limited_and_come_back() {
    let (streams, ids) = (Arc::<Streams>::default(), CountingIds::default());
    let account = AccountId::new(&ids);
    let mut places: Vec<Place> = (0..STREAMS_OF_ACCOUNT_MAX)
        .map(|_| streams.place(Lasting::Events, account).unwrap())
        .collect();
    let full = streams.place(Lasting::Events, account);
    assert_eq!(full.err(), Some(Code::TooManyRequests));
    // Another kind of answer, and another account, have places of their own.
    drop(streams.place(Lasting::Export, account).unwrap());
    places.pop();
    places.push(streams.place(Lasting::Events, account).unwrap());
    while places.len() < STREAMS_MAX {
        let other = AccountId::new(&RandomIds);
        places.push(streams.place(Lasting::Events, other).unwrap());
    }
    let full = streams.place(Lasting::Events, AccountId::new(&RandomIds));
    assert_eq!(full.err(), Some(Code::TooManyRequests));
    places.clear();
    assert!(
        streams.open().is_empty(),
        "nothing is remembered of the gone"
    );
}
