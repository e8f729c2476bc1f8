//! Changes that the library itself would take, and that no honest replica writes.

use super::super::chunk::Change;
use super::super::columns::{write_length, write_number};
use super::*;
use crate::limits::{CHANGE_FACTS_MAX, HEADS_MAX};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{Automerge, ObjType, ROOT, ScalarValue};
use sha2::{Digest, Sha256};

const KEY: &str = "hh-3.1.1";

/// Frames a body as a chunk of this kind, with the right checksum.
pub(super) fn seal(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut head = vec![kind];
    write_length(&mut head, body.len());
    let hash = Sha256::new().chain_update(&head).chain_update(body).finalize();
    [&[0x85, 0x6f, 0x4a, 0x83], &hash[..4], &head, body].concat()
}

/// The last change of a document that the library wrote.
fn written(with: impl Fn(&mut Transaction<'_>)) -> Vec<u8> {
    let mut doc = Automerge::new().with_actor(writer(1).to_automerge());
    let mut transaction = doc.transaction();
    with(&mut transaction);
    transaction.commit_with(CommitOptions::default().with_time(0));
    doc.get_last_local_change().unwrap().raw_bytes().to_vec()
}

fn refused(bytes: &[u8]) -> bool {
    let mut bag = Bag::new(writer(9));
    let outcome = offer(&mut bag, &[bytes.to_vec()]);
    assert!(bag.is_empty());
    matches!(outcome, Err(DocumentError::Refused(_) | DocumentError::TooLarge { .. }))
}

#[test]
fn what_the_library_writes_for_a_fact_is_what_we_write() {
    let bytes = written(|doc| doc.put(ROOT, KEY, "body").unwrap());
    assert_eq!(Change::parse(&bytes).unwrap().facts, [fact(1, "body")]);
}

#[test]
fn other_operations_than_puts_of_strings_are_refused() {
    assert!(refused(&written(|doc| doc.put(ROOT, KEY, 5_i64).unwrap())));
    assert!(refused(&written(|doc| doc.put(ROOT, KEY, ScalarValue::counter(5)).unwrap())));
    assert!(refused(&written(|doc| doc.put(ROOT, KEY, ScalarValue::Bytes(b"body".to_vec())).unwrap())));
    assert!(refused(&written(|doc| doc.put(ROOT, KEY, ()).unwrap())));
    assert!(refused(&written(|doc| doc.put(ROOT, KEY, "").unwrap())));
    assert!(refused(&written(|doc| doc.put(ROOT, "not a fact id", "body").unwrap())));
    assert!(refused(&written(|doc| {
        doc.put_object(ROOT, KEY, ObjType::Map).unwrap();
    })));
    assert!(refused(&written(|doc| {
        let map = doc.put_object(ROOT, KEY, ObjType::Map).unwrap();
        doc.put(&map, "hh-3.1.2", "body").unwrap();
    })));
    assert!(refused(&written(|doc| {
        let list = doc.put_object(ROOT, KEY, ObjType::List).unwrap();
        doc.insert(&list, 0, "body").unwrap();
    })));
    assert!(refused(&written(|doc| {
        let text = doc.put_object(ROOT, KEY, ObjType::Text).unwrap();
        doc.splice_text(&text, 0, 0, "body").unwrap();
    })));
    assert!(refused(&written(|doc| {
        doc.put(ROOT, KEY, "one").unwrap();
        doc.put(ROOT, KEY, "two").unwrap();
    })));
}

#[test]
fn a_change_that_overwrites_deletes_or_counts_what_is_there_is_refused() {
    let acts: [fn(&mut Transaction<'_>); 3] = [
        |doc| doc.put(ROOT, KEY, "other").unwrap(),
        |doc| doc.delete(ROOT, KEY).unwrap(),
        |doc| doc.increment(ROOT, "n", 1).unwrap(),
    ];
    for act in acts {
        let mut doc = Automerge::new().with_actor(writer(1).to_automerge());
        let mut transaction = doc.transaction();
        transaction.put(ROOT, KEY, "body").unwrap();
        transaction.put(ROOT, "n", ScalarValue::counter(1)).unwrap();
        transaction.commit_with(CommitOptions::default().with_time(0));
        let mut transaction = doc.transaction();
        act(&mut transaction);
        transaction.commit_with(CommitOptions::default().with_time(0));
        let changes = doc.get_changes(&[]);
        assert!(refused(changes.last().unwrap().raw_bytes()));
    }
}

#[test]
fn a_time_a_message_and_an_author_are_refused() {
    for options in
        [CommitOptions::default().with_time(1), CommitOptions::default().with_time(0).with_message("hello")]
    {
        let mut doc = Automerge::new().with_actor(writer(1).to_automerge());
        let mut transaction = doc.transaction();
        transaction.put(ROOT, KEY, "body").unwrap();
        transaction.commit_with(options);
        assert!(refused(doc.get_last_local_change().unwrap().raw_bytes()));
    }
    let author = automerge::Author::from(vec![1, 2, 3]);
    let mut doc = Automerge::new().with_actor(writer(1).to_automerge()).with_author(Some(author));
    let mut transaction = doc.transaction();
    transaction.put(ROOT, KEY, "body").unwrap();
    transaction.commit_with(CommitOptions::default().with_time(0));
    assert!(refused(doc.get_last_local_change().unwrap().raw_bytes()));
}

#[test]
fn whole_documents_compressed_changes_bundles_and_empty_changes_are_refused() {
    let mut doc = Automerge::new().with_actor(writer(1).to_automerge());
    let mut transaction = doc.transaction();
    transaction.put(ROOT, KEY, "body ".repeat(200)).unwrap();
    transaction.commit_with(CommitOptions::default().with_time(0));
    let mut change = doc.get_last_local_change().unwrap();
    let compressed = change.bytes().to_vec();
    assert_ne!(compressed, change.raw_bytes());
    assert!(refused(&compressed));
    assert!(refused(&doc.save()));
    assert!(refused(doc.bundle(doc.get_heads()).unwrap().bytes()));
    doc.empty_commit(CommitOptions::default().with_time(0));
    assert!(refused(doc.get_last_local_change().unwrap().raw_bytes()));
    let reason = |bytes: &[u8]| Change::parse(bytes).unwrap_err();
    let other_kind = DocumentError::Refused("only plain change chunks are taken");
    assert_eq!(reason(&compressed), other_kind);
    for kind in (0..=255).filter(|kind| *kind != 1) {
        assert_eq!(reason(&seal(kind, b"anything")), other_kind);
    }
    let mut damaged = seal(1, b"anything");
    damaged[4] ^= 1;
    assert_eq!(reason(&damaged), DocumentError::Refused("its checksum is wrong"));
}

/// A change in the one spelling, with whatever numbers and dependencies the test wants.
fn forged(seq: u64, first_op: u64, deps: &[ChangeHash], number: usize) -> StoredChange {
    let hash = ChangeHash::new([0; 32]);
    let change = Change {
        hash,
        deps: deps.to_vec(),
        writer: writer(1),
        seq,
        first_op,
        facts: vec![fact(number, "x")],
    };
    let bytes = change.encode();
    StoredChange { hash: Change::parse(&bytes).unwrap().hash, writer: writer(1), seq, bytes }
}

#[test]
fn a_writer_that_is_not_allowed_is_refused() {
    let mut agent = Bag::new(writer(1));
    let changes = bytes_of(&agent.record(&facts(0..1)).unwrap().changes);
    let mut central = Bag::new(writer(9));
    let none = Heads::empty();
    let york = ReplicaId::new("store-2").unwrap();
    let incoming = Incoming { base: &none, heads: &none, changes: &changes };
    let outcome = central.merge(&incoming, &|writer| writer.belongs_to(&york));
    assert_eq!(outcome, Err(DocumentError::ForeignWriter(writer(1))));
    assert!(central.is_empty());
}

#[test]
fn a_writer_counts_its_changes_and_knows_its_own() {
    let mut bag = Bag::new(writer(9));
    let first = forged(1, 1, &[], 1);
    offer(&mut bag, std::slice::from_ref(&first.bytes)).unwrap();
    let wrong = |got| Err(DocumentError::WrongSequence { writer: writer(1), expected: 2, got });

    // The restored disk: the same number for another change.
    assert_eq!(offer(&mut bag, &[forged(1, 1, &[], 2).bytes]), wrong(1));
    assert_eq!(offer(&mut bag, &[forged(3, 2, &[first.hash], 2).bytes]), wrong(3));
    assert_eq!(offer(&mut bag, &[forged(u64::MAX >> 1, 2, &[first.hash], 2).bytes]), wrong(u64::MAX >> 1));
    assert!(matches!(offer(&mut bag, &[forged(2, 1, &[], 2).bytes]), Err(DocumentError::Refused(_))));
    assert_eq!(bag.len(), 1);
    offer(&mut bag, &[forged(2, 2, &[first.hash], 2).bytes]).unwrap();
    assert_eq!(bag.len(), 2);
}

#[test]
fn operations_are_numbered_after_what_was_seen() {
    for first_op in [2, 1 << 31, 1 << 32, u64::MAX >> 1] {
        let mut bag = Bag::new(writer(9));
        let outcome = offer(&mut bag, &[forged(1, first_op, &[], 1).bytes]);
        assert!(matches!(outcome, Err(DocumentError::Refused(_))), "{first_op}");
    }
}

#[test]
fn heads_without_end_are_refused() {
    let mut bag = Bag::new(writer(9));
    for replica in 0..=HEADS_MAX {
        let mut other = Bag::new(writer(u8::try_from(100 + replica).unwrap()));
        other.record(&facts(replica..replica + 1)).unwrap();
        let outcome = send(&other, &mut bag);
        let full = Err(DocumentError::TooLarge { what: "heads of one document", limit: HEADS_MAX });
        assert!(if replica == HEADS_MAX { outcome == full } else { outcome.is_ok() });
    }
    assert_eq!(bag.heads().len(), HEADS_MAX);
    bag.record(&facts(500..501)).unwrap();
    assert_eq!(bag.heads().len(), 1);
}

/// The body of a change with these columns.
fn body(columns: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut body = vec![0, 16];
    body.extend(writer(1).as_bytes());
    body.extend([1, 1, 0, 0, 0]);
    write_length(&mut body, columns.len());
    for (spec, column) in columns {
        write_number(&mut body, *spec);
        write_length(&mut body, column.len());
    }
    columns.iter().for_each(|(_, column)| body.extend(column));
    body
}

#[test]
fn a_few_bytes_that_claim_many_rows_are_refused_at_once() {
    let key = [&[0x7f, 8], KEY.as_bytes()].concat();
    let honest = [
        (0x15, key),
        (0x34, vec![1]),
        (0x42, vec![0x7f, 1]),
        (0x56, vec![0x7f, 0x46]),
        (0x57, b"body".to_vec()),
        (0x70, vec![0x7f, 0]),
    ];
    let mut bag = Bag::new(writer(9));
    assert_eq!(offer(&mut bag, &[seal(1, &body(&honest))]).unwrap().facts, [fact(1, "body")]);

    // 2^48 rows: as a run, as a literal run and as nulls.
    let many: [&[u8]; 3] = [
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xc0, 0x00, 1],
        &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 1],
        &[0x00, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xc0, 0x00],
    ];
    for place in 0..honest.len() {
        for bomb in many {
            let mut columns = honest.clone();
            columns[place].1 = bomb.to_vec();
            assert!(refused(&seal(1, &body(&columns))), "column {place}");
            columns[place].1 = [honest[place].1.as_slice(), bomb].concat();
            assert!(refused(&seal(1, &body(&columns))), "column {place}, after the honest row");
        }
        let mut deflated = honest.clone();
        deflated[place].0 |= 8;
        assert!(refused(&seal(1, &body(&deflated))), "compressed column {place}");
        let mut fewer = honest.to_vec();
        fewer.remove(place);
        assert!(refused(&seal(1, &body(&fewer))), "without column {place}");
    }
    for more in [(0x94, vec![1]), (0x01, vec![0x7f, 0]), (0xf6, vec![1, 2, 3])] {
        let mut columns = honest.to_vec();
        columns.push(more);
        columns.sort();
        assert!(refused(&seal(1, &body(&columns))));
    }
    let after = [body(&honest), b"more".to_vec()].concat();
    assert!(refused(&seal(1, &after)));
    assert!(refused(&[seal(1, &body(&honest)), vec![0]].concat()));
}

#[test]
fn more_facts_than_one_change_may_carry_are_refused() {
    let bytes = written(|doc| {
        for (id, body) in facts(0..CHANGE_FACTS_MAX + 1) {
            doc.put(ROOT, id.as_str(), body).unwrap();
        }
    });
    assert!(refused(&bytes));
}
