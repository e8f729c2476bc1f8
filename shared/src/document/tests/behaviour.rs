use super::*;
use crate::limits::{CHANGE_BYTES_MAX, CHANGE_FACTS_MAX, DOCUMENT_FACTS_MAX, FACT_BYTES_MAX};
use proptest::prelude::*;

#[test]
fn facts_arrive_once_however_often_they_are_sent() {
    let mut agent = Bag::new(writer(1));
    let recorded = agent.record(&facts(0..3)).unwrap();
    assert_eq!((recorded.changes.len(), recorded.conflicts.len()), (1, 0));
    let mut central = Bag::new(writer(9));

    let merged = send(&agent, &mut central).unwrap();
    assert_eq!(merged.facts, facts(0..3));
    assert_eq!(merged.changes, recorded.changes);
    assert_eq!(merged.heads, agent.heads());

    let again = offer(&mut central, &[recorded.changes[0].bytes.clone(), recorded.changes[0].bytes.clone()]);
    assert_eq!(again, Ok(Merged { heads: agent.heads(), ..Merged::default() }));
    assert_eq!((central.len(), content(&central)), (3, facts(0..3)));
}

#[test]
fn a_known_fact_is_skipped_and_another_body_is_told_but_never_put() {
    let mut bag = Bag::new(writer(1));
    bag.record(&facts(0..2)).unwrap();
    let before = bag.heads();

    let recorded = bag.record(&[facts(0..1).remove(0), fact(1, "other")]).unwrap();

    assert_eq!(recorded.changes, []);
    let kept = facts(1..2).remove(0).1;
    let id = fact(1, "").0;
    assert_eq!(recorded.conflicts, [Conflict { id, kept, others: vec!["other".to_owned()] }]);
    assert_eq!(bag.heads(), before);
}

#[test]
fn two_bodies_under_one_id_are_both_kept_and_both_sides_choose_the_same() {
    let bodies =
        |suffix: &str| (1..20).map(|number| fact(number, &format!("{number}{suffix}"))).collect::<Vec<_>>();
    let (mut one, mut two) = (Bag::new(writer(1)), Bag::new(writer(2)));
    one.record(&[bodies("a"), vec![fact(20, "same")]].concat()).unwrap();
    two.record(&[bodies("b"), vec![fact(20, "same")]].concat()).unwrap();

    let to_one = send(&two, &mut one).unwrap();
    let to_two = send(&one, &mut two).unwrap();

    assert_eq!((to_one.facts, to_two.facts), (vec![], vec![]));
    assert_eq!(to_one.conflicts, to_two.conflicts);
    assert_eq!(to_one.conflicts.len(), 19);
    assert_eq!(content(&one), content(&two));
    for conflict in to_one.conflicts {
        let [other] = conflict.others.as_slice() else { panic!("two bodies: {conflict:?}") };
        assert!(
            blake3::hash(conflict.kept.as_bytes()).as_bytes() < blake3::hash(other.as_bytes()).as_bytes()
        );
        assert_eq!(one.get(&conflict.id), Some(conflict.kept));
    }

    // Told once: what both know by now is no news.
    one.record(&[fact(30, "c")]).unwrap();
    assert_eq!(send(&one, &mut two).unwrap().conflicts, []);
}

#[test]
fn changes_without_their_ground_are_asked_for() {
    let mut agent = Bag::new(writer(1));
    let first = agent.record(&facts(0..1)).unwrap().changes.remove(0);
    let second = agent.record(&facts(1..2)).unwrap().changes.remove(0);
    let mut central = Bag::new(writer(9));

    let missing = Err(DocumentError::Missing { heads: vec![first.hash] });
    assert_eq!(offer(&mut central, std::slice::from_ref(&second.bytes)), missing);
    let base = Heads::new([first.hash]).unwrap();
    let none = Heads::empty();
    assert_eq!(central.merge(&Incoming { base: &base, heads: &none, changes: &[] }, &everyone), missing);
    let undelivered = central.merge(&Incoming { base: &none, heads: &base, changes: &[] }, &everyone);
    assert_eq!(undelivered, missing);
    assert!(central.is_empty());

    // In any order, once all are there.
    offer(&mut central, &[second.bytes, first.bytes]).unwrap();
    assert_eq!(central.heads(), agent.heads());
}

#[test]
fn a_side_that_is_behind_says_so() {
    let mut agent = Bag::new(writer(1));
    agent.record(&facts(0..1)).unwrap();
    let restored = Bag::new(writer(2));
    let ahead = restored.changes_since(&agent.heads());
    assert_eq!(ahead, Err(DocumentError::Ahead { heads: agent.heads().iter().copied().collect() }));
}

#[test]
fn stored_changes_load_again_and_are_written_on() {
    let mut bag = Bag::new(writer(1));
    let mut stored = bag.record(&facts(0..700)).unwrap().changes;
    assert_eq!(stored.len(), 2);
    stored.extend(bag.record(&facts(700..701)).unwrap().changes);

    let bytes: Vec<Vec<u8>> = stored.iter().rev().map(|change| change.bytes.clone()).collect();
    let mut loaded = Bag::load(writer(2), &bytes).unwrap();
    assert_eq!((loaded.heads(), content(&loaded)), (bag.heads(), content(&bag)));
    assert_eq!(loaded.changes_since(&Heads::empty()).unwrap().len(), 3);

    let next = loaded.record(&facts(701..702)).unwrap().changes.remove(0);
    assert_eq!((next.writer, next.seq), (writer(2), 1));
    send(&loaded, &mut bag).unwrap();
    assert_eq!(bag.len(), 702);

    let mut damaged = bytes;
    damaged[1][100] ^= 1;
    assert!(matches!(Bag::load(writer(3), &damaged), Err(DocumentError::Refused(_))));
}

#[test]
fn a_backlog_in_pieces_arrives_whole() {
    let (mut agent, mut central) = (Bag::new(writer(1)), Bag::new(writer(9)));
    agent.record(&facts(0..5)).unwrap();
    send(&agent, &mut central).unwrap();
    let known = agent.heads();
    central.record(&facts(100..105)).unwrap();
    for number in 0..20 {
        agent.record(&facts(200 + number..201 + number)).unwrap();
    }
    send(&central, &mut agent).unwrap();
    let single = agent.changes_since(&known).unwrap()[0].bytes.len();

    let pieces = agent.pieces_since(&known, 3 * single).unwrap();

    assert!(pieces.len() > 5);
    let mut other = Bag::load(writer(8), bytes_of(&central.changes_since(&Heads::empty()).unwrap())).unwrap();
    for Piece { base, heads, changes } in &pieces {
        let changes = bytes_of(changes);
        assert!(changes.len() == 1 || changes.iter().map(|change| change.len()).sum::<usize>() <= 3 * single);
        other.merge(&Incoming { base, heads, changes: &changes }, &everyone).unwrap();
    }
    assert_eq!((other.heads(), &pieces[pieces.len() - 1].heads), (agent.heads(), &agent.heads()));
    assert_eq!(agent.pieces_since(&agent.heads(), 1).unwrap(), []);

    // A piece that is missing is noticed.
    let late = &pieces[3];
    let incoming = Incoming { base: &late.base, heads: &late.heads, changes: &bytes_of(&late.changes) };
    let mut behind = Bag::new(writer(7));
    assert!(matches!(behind.merge(&incoming, &everyone), Err(DocumentError::Missing { .. })));
}

#[test]
fn large_batches_are_cut_by_number_and_by_bytes() {
    let mut bag = Bag::new(writer(1));
    let body = "x".repeat(FACT_BYTES_MAX);
    let large: Vec<_> = (0..40).map(|number| fact(number, &body)).collect();
    let changes = bag.record(&large).unwrap().changes;
    assert!(changes.len() > 1);
    assert!(changes.iter().all(|change| change.bytes.len() <= CHANGE_BYTES_MAX));
    assert_eq!(bag.record(&facts(40..40 + CHANGE_FACTS_MAX + 1)).unwrap().changes.len(), 2);
    let mut other = Bag::new(writer(2));
    assert_eq!(send(&bag, &mut other).unwrap().facts.len(), 40 + CHANGE_FACTS_MAX + 1);
    assert!(matches!(
        bag.record(&[fact(9_999, &"x".repeat(FACT_BYTES_MAX + 1))]),
        Err(DocumentError::BadBody(_))
    ));
    assert!(matches!(bag.record(&[fact(9_999, "")]), Err(DocumentError::BadBody(_))));
}

#[test]
fn a_full_document_takes_no_more() {
    let mut bag = Bag::new(writer(1));
    bag.record(&facts(0..DOCUMENT_FACTS_MAX)).unwrap();
    let full = bag.record(&facts(DOCUMENT_FACTS_MAX..DOCUMENT_FACTS_MAX + 1));
    assert!(matches!(full, Err(DocumentError::TooLarge { .. })));

    let mut other = Bag::new(writer(2));
    other.record(&[fact(999_999, "one more")]).unwrap();
    assert!(matches!(send(&other, &mut bag), Err(DocumentError::TooLarge { .. })));
    assert_eq!(bag.len(), DOCUMENT_FACTS_MAX);
}

/// One step of several replicas that share a document.
#[derive(Debug, Clone)]
enum Step {
    Record { by: usize, facts: Vec<(usize, String)> },
    Send { from: usize, to: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let body = prop_oneof![Just("a".to_owned()), Just("bb".to_owned()), ".{1,40}"];
    prop_oneof![
        (0..3_usize, proptest::collection::vec((0..40_usize, body), 1..8))
            .prop_map(|(by, facts)| Step::Record { by, facts }),
        (0..3_usize, 0..3_usize).prop_map(|(from, to)| Step::Send { from, to }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn replicas_converge_in_whatever_order_they_merge(steps in proptest::collection::vec(step(), 1..24)) {
        let mut bags = [1, 2, 3].map(|replica| Bag::new(writer(replica)));
        for step in steps {
            match step {
                Step::Record { by, facts } => {
                    let facts: Vec<_> = facts.iter().map(|(number, body)| fact(*number, body)).collect();
                    bags[by].record(&facts).unwrap();
                }
                Step::Send { from, to } if from != to => {
                    let [from, to] = bags.get_disjoint_mut([from, to]).unwrap();
                    send(from, to).unwrap();
                }
                Step::Send { .. } => {}
            }
        }
        for (from, to) in [(0, 1), (1, 2), (2, 0), (0, 1)] {
            let [from, to] = bags.get_disjoint_mut([from, to]).unwrap();
            send(from, to).unwrap();
        }
        for other in &bags[1..] {
            prop_assert_eq!(bags[0].heads(), other.heads());
            prop_assert_eq!(content(&bags[0]), content(other));
            let all = bytes_of(&other.changes_since(&Heads::empty()).unwrap());
            let loaded = Bag::load(writer(7), all).unwrap();
            prop_assert_eq!(content(&loaded), content(other));
        }
    }
}
