use super::*;
use futures::FutureExt;
use futures::future::join_all;
use rusqlite::Connection;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

const SCHEMA: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE row (
        id INTEGER PRIMARY KEY,
        parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED,
        fill BLOB
    );";

/// Counts how often it was thrown away.
#[derive(Default)]
struct Memory {
    thrown: u32,
}

impl Companion for Memory {
    fn on_failed_commit(&mut self) {
        self.thrown += 1;
    }
}

fn runner() -> refinery::Runner {
    let migration = refinery::Migration::unapplied("V1__first", SCHEMA).unwrap();
    refinery::Runner::new(&[migration])
}

struct Bench {
    place: tempfile::TempDir,
    writer: Writer<Memory>,
    readers: Readers,
}

impl Bench {
    fn open() -> Self {
        let place = tempfile::tempdir().unwrap();
        let database = open_in(&place, Options::default()).healthy().unwrap();
        let (writer, readers) = database.start(|_| Ok(Memory::default())).unwrap();
        Self { place, writer, readers }
    }

    /// Holds the writer until the sender is dropped, so that what follows shares one batch.
    async fn hold(&self) -> Sender<()> {
        let (release, held) = channel::<()>();
        let (entered, inside) = futures::channel::oneshot::channel();
        let writer = self.writer.clone();
        let job = move |_: &Connection, _: &mut Memory| {
            entered.send(()).unwrap();
            // Ends when the sender is dropped.
            assert!(held.recv().is_err());
            Ok::<_, StorageError>(())
        };
        tokio::spawn(async move { writer.write(job).await });
        inside.await.unwrap();
        release
    }

    async fn ids(&self) -> Vec<i64> {
        self.readers.read(ids).await.unwrap()
    }
}

fn open_in(place: &tempfile::TempDir, options: Options) -> Opened {
    open(&Place::File(file(place)), options, &runner()).unwrap()
}

fn file(place: &tempfile::TempDir) -> PathBuf {
    place.path().join("test.db")
}

fn ids(connection: &Connection) -> Result<Vec<i64>, StorageError> {
    let mut statement = connection.prepare_cached("SELECT id FROM row ORDER BY id")?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn put(connection: &Connection, id: i64, parent: Option<i64>, bytes: usize) -> Result<i64, StorageError> {
    let sql = "INSERT INTO row (id, parent, fill) VALUES (?1, ?2, zeroblob(?3))";
    connection.prepare_cached(sql)?.execute((id, parent, i64::try_from(bytes).unwrap()))?;
    Ok(id)
}

/// Polls the writes so that all are queued, then lets the writer go.
async fn together<T>(release: Sender<()>, writes: Vec<impl Future<Output = T>>) -> Vec<T> {
    let all = async move {
        let mut writes = Box::pin(join_all(writes));
        assert!(futures::poll!(&mut writes).is_pending());
        drop(release);
        writes.await
    };
    all.await
}

#[tokio::test]
async fn a_failing_job_does_not_undo_its_neighbours() {
    let bench = Bench::open();
    let release = bench.hold().await;
    let writes = [1, 2, 3].map(|id| {
        bench.writer.write(move |connection, _| {
            put(connection, id, None, 0)?;
            if id == 2 { Err(StorageError::Other("refused".to_owned())) } else { Ok(()) }
        })
    });
    let told = together(release, writes.into()).await;
    assert_eq!(told, [Ok(()), Err(StorageError::Other("refused".to_owned())), Ok(())]);
    assert_eq!(bench.ids().await, [1, 3]);
}

#[tokio::test]
async fn nobody_is_answered_before_the_commit() {
    let bench = Bench::open();
    let release = bench.hold().await;
    // The parent is missing: the rows go in, and only the commit refuses.
    let writes = [(1, None), (2, Some(99))]
        .map(|(id, parent)| bench.writer.write(move |connection, _| put(connection, id, parent, 0)));
    let told = together(release, writes.into()).await;
    assert!(told.iter().all(|told| matches!(told, Err(StorageError::Constraint(_)))), "{told:?}");
    assert_eq!(bench.ids().await, [0_i64; 0]);
    let thrown = bench.writer.write(|_, memory| Ok::<_, StorageError>(memory.thrown)).await;
    assert_eq!(thrown, Ok(1));
}

#[tokio::test]
async fn a_batch_is_one_commit() {
    let bench = Bench::open();
    let observer = Connection::open(file(&bench.place)).unwrap();
    let version = || observer.query_row("PRAGMA data_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let release = bench.hold().await;
    let before = version();
    let (seen, seeing) = channel();
    let writes = (0..50)
        .map(|id| {
            let (seen, path) = (seen.clone(), file(&bench.place));
            bench.writer.write(move |connection, _| {
                put(connection, id, None, 0)?;
                let outside = Connection::open(path)?;
                seen.send(ids(&outside)?.len()).unwrap();
                Ok::<_, StorageError>(())
            })
        })
        .collect();
    assert!(together(release, writes).await.iter().all(Result::is_ok));
    assert!(seeing.try_iter().all(|rows| rows == 0), "rows were seen before the one commit");
    assert_ne!(version(), before);
}

#[tokio::test]
async fn a_full_disk_is_told_to_every_job_and_ends_when_space_returns() {
    let bench = Bench::open();
    let limit = |pages: &'static str| {
        bench.writer.write(move |connection, _| {
            connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok::<_, StorageError>(())
        })
    };
    limit("1").await.unwrap();
    let release = bench.hold().await;
    let writes = [(1, 10), (2, 1 << 20), (3, 10)]
        .map(|(id, bytes)| bench.writer.write(move |connection, _| put(connection, id, None, bytes)));
    let told = together(release, writes.into()).await;
    assert!(told.iter().all(|told| matches!(told, Err(StorageError::DiskFull(_)))), "{told:?}");
    assert_eq!(bench.ids().await, [0_i64; 0]);
    limit("1000000").await.unwrap();
    assert_eq!(bench.writer.write(|connection, _| put(connection, 4, None, 1 << 20)).await, Ok(4));
    assert_eq!(bench.ids().await, [4]);
}

#[tokio::test]
async fn a_panicking_job_is_undone_alone() {
    let bench = Bench::open();
    let panicking = bench.writer.write(|connection, _| {
        put(connection, 1, None, 0)?;
        if true { panic!("ouch") } else { Ok::<(), StorageError>(()) }
    });
    assert!(panicking.await.is_err());
    assert_eq!(bench.writer.write(|connection, _| put(connection, 2, None, 0)).await, Ok(2));
    assert_eq!(bench.ids().await, [2]);
}

#[tokio::test]
async fn who_wants_to_be_alone_shares_a_commit_with_nobody_and_keeps_its_turn() {
    let bench = Bench::open();
    let (told, writer) = (Arc::new(Mutex::new(Vec::new())), bench.writer.clone());
    let release = bench.hold().await;
    let write = |id: i64, alone: bool| {
        let (told, path, writer) = (Arc::clone(&told), file(&bench.place), writer.clone());
        let job = move |connection: &Connection, _: &mut Memory| {
            put(connection, id, None, 0)?;
            told.lock().unwrap().push((id, ids(&Connection::open(path)?)?));
            Ok::<_, StorageError>(())
        };
        async move { if alone { writer.write_alone(job).await } else { writer.write(job).await } }.boxed()
    };
    let writes = vec![write(1, false), write(2, false), write(3, true), write(4, false)];
    assert!(together(release, writes).await.iter().all(Result::is_ok));
    // Each with what others had committed before it.
    let expected = [(1, vec![]), (2, vec![]), (3, vec![1, 2]), (4, vec![1, 2, 3])];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[tokio::test]
async fn a_job_that_is_alone_leaves_nothing_behind_when_it_fails() {
    let bench = Bench::open();
    for alone in [true, false] {
        let job = |connection: &Connection, _: &mut Memory| {
            put(connection, 1, None, 0)?;
            put(connection, 2, None, 0)?;
            Err::<(), _>(StorageError::Other("refused".to_owned()))
        };
        let told = if alone { bench.writer.write_alone(job).await } else { bench.writer.write(job).await };
        assert_eq!(told, Err(StorageError::Other("refused".to_owned())));
        assert_eq!(bench.ids().await, [0_i64; 0]);
    }
    let kept = bench.writer.write(|_, memory| Ok::<_, StorageError>(memory.thrown)).await;
    assert_eq!(kept, Ok(0), "a refusal is no failed commit");
}

#[tokio::test]
async fn more_than_the_queue_holds_is_refused() {
    let bench = Bench::open();
    let release = bench.hold().await;
    let count = holdfast_shared::limits::WRITER_QUEUE_MAX + 1;
    let writes = (0..count).map(|_| bench.writer.write(|_, _| Ok::<_, StorageError>(()))).collect();
    let told = together(release, writes).await;
    assert_eq!(told.iter().filter(|told| **told == Err(StorageError::Busy)).count(), 1);
}

#[tokio::test]
async fn a_stopped_writer_has_finished_what_waited() {
    let bench = Bench::open();
    let release = bench.hold().await;
    let mut write = Box::pin(bench.writer.write(|connection, _| put(connection, 1, None, 0)));
    assert!(futures::poll!(&mut write).is_pending());
    drop(release);
    bench.writer.stop().await;
    assert_eq!(write.await, Ok(1));
    assert_eq!(bench.writer.write(|_, _| Ok(())).await, Err(StorageError::Stopped));
}

#[tokio::test]
async fn what_was_answered_is_there_after_opening_again() {
    let bench = Bench::open();
    bench.writer.write(|connection, _| put(connection, 7, None, 0)).await.unwrap();
    bench.writer.stop().await;
    let database = open_in(&bench.place, Options::default()).healthy().unwrap();
    let (_writer, readers) = database.start(|connection| ids(connection).map(|_| ())).unwrap();
    assert_eq!(readers.read(ids).await, Ok(vec![7]));
}

#[test]
fn inline_is_ready_at_the_first_poll_without_a_runtime() {
    use futures::FutureExt;
    let options = Options { mode: Mode::Inline, ..Options::default() };
    let database = open(&Place::Memory, options, &runner()).unwrap().healthy().unwrap();
    let (writer, readers) = database.start(|_| Ok(())).unwrap();
    let written = writer.write(|connection, _| put(connection, 1, None, 0)).now_or_never();
    assert_eq!(written, Some(Ok(1)));
    assert_eq!(readers.read(ids).now_or_never(), Some(Ok(vec![1])));
}

#[tokio::test]
async fn a_damaged_file_is_an_answer_with_a_report() {
    let bench = Bench::open();
    bench.writer.write(|connection, _| put(connection, 1, None, 1 << 16)).await.unwrap();
    bench.writer.stop().await;
    drop(bench.readers);
    let path = file(&bench.place);
    let mut bytes = std::fs::read(&path).unwrap();
    // The second page and what follows become nonsense; the header stays.
    bytes[4096..20_000].fill(0xaa);
    std::fs::write(&path, &bytes).unwrap();
    let Opened::Damaged { report, .. } = open_in(&bench.place, Options::default()) else {
        panic!("a damaged file was taken for healthy")
    };
    assert!(!report.is_empty());
    std::fs::write(&path, b"this is no database at all, but long enough to look like one").unwrap();
    assert!(matches!(open_in(&bench.place, Options::default()), Opened::Damaged { .. }));
}

#[tokio::test]
async fn readers_cannot_write() {
    let bench = Bench::open();
    let told = bench.readers.read(|connection| put(connection, 1, None, 0)).await;
    assert_eq!(told, Err(StorageError::ReadOnly));
}

mod witness {
    use super::*;

    /// Files as they lie after `rows` acknowledged commits; a crash closes nothing.
    async fn copy_after(bench: &Bench, rows: std::ops::Range<i64>, name: &str) -> PathBuf {
        for id in rows {
            bench.writer.write(move |connection, _| put(connection, id, None, 100)).await.unwrap();
        }
        let copy = bench.place.path().join(name);
        let end = |path: &std::path::Path, end: &str| PathBuf::from(format!("{}{end}", path.display()));
        for part in ["", "-wal", "-witness"] {
            std::fs::copy(end(&file(&bench.place), part), end(&copy, part)).unwrap();
        }
        copy
    }

    fn standing(path: &std::path::Path) -> Standing {
        let opened = open(&Place::File(path.to_owned()), Options::default(), &runner()).unwrap();
        opened.healthy().unwrap().provenance().unwrap().standing
    }

    fn put_back(from: &std::path::Path, to: &std::path::Path, part: &str) {
        let end = |path: &std::path::Path| format!("{}{part}", path.display());
        std::fs::copy(end(from), end(to)).unwrap();
    }

    #[tokio::test]
    async fn a_database_that_was_put_back_is_told_by_how_much() {
        let bench = Bench::open();
        let early = copy_after(&bench, 0..3, "early.db").await;
        let late = copy_after(&bench, 3..10, "late.db").await;
        assert_eq!(standing(&early), Standing::Whole);
        put_back(&late, &early, "-witness");
        let Standing::Lost(lost) = standing(&early) else { panic!("the older copy was taken for whole") };
        assert_eq!((lost.commits, lost.replaced), (7, false));
        assert!(lost.since <= lost.until);
        assert_eq!(standing(&late), Standing::Whole);
    }

    #[tokio::test]
    async fn acknowledged_commits_that_the_log_lost_are_missed() {
        let bench = Bench::open();
        let copy = copy_after(&bench, 0..5, "copy.db").await;
        let wal = PathBuf::from(format!("{}-wal", copy.display()));
        let mut bytes = std::fs::read(&wal).unwrap();
        // One bit, two thirds into the log: SQLite drops all that follows, and says nothing.
        let at = bytes.len() * 2 / 3;
        bytes[at] ^= 1;
        std::fs::write(&wal, &bytes).unwrap();
        let Standing::Lost(lost) = standing(&copy) else { panic!("lost commits were not missed") };
        assert!(lost.commits > 0 && !lost.replaced, "{lost:?}");
    }

    #[tokio::test]
    async fn a_torn_slot_leaves_the_other_one_and_accuses_nobody() {
        let bench = Bench::open();
        let copy = copy_after(&bench, 0..4, "copy.db").await;
        let path = witness_path(&copy);
        let whole = std::fs::read(&path).unwrap();
        for slot in [0, 512] {
            let mut torn = whole.clone();
            torn[slot + 20] ^= 0xff;
            std::fs::write(&path, &torn).unwrap();
            assert_eq!(standing(&copy), Standing::Whole);
        }
        std::fs::write(&path, b"").unwrap();
        assert_eq!(standing(&copy), Standing::Unwitnessed);
    }

    #[tokio::test]
    async fn another_database_in_its_place_is_no_new_one() {
        let bench = Bench::open();
        let copy = copy_after(&bench, 0..4, "copy.db").await;
        for part in ["", "-wal"] {
            std::fs::remove_file(format!("{}{part}", copy.display())).unwrap();
        }
        let Standing::Lost(lost) = standing(&copy) else { panic!("a vanished database was taken for new") };
        assert_eq!((lost.commits, lost.replaced), (4, true));
        assert_eq!(standing(&bench.place.path().join("fresh.db")), Standing::New);
    }

    #[tokio::test]
    async fn after_the_start_the_witness_says_what_the_database_says() {
        let bench = Bench::open();
        let early = copy_after(&bench, 0..3, "early.db").await;
        let late = copy_after(&bench, 3..10, "late.db").await;
        put_back(&late, &early, "-witness");
        let opened = open(&Place::File(early.clone()), Options::default(), &runner()).unwrap();
        let (writer, _) = opened.healthy().unwrap().start(|_| Ok(())).unwrap();
        writer.stop().await;
        assert_eq!(standing(&early), Standing::Whole);
        assert_eq!(witnessed(&early).unwrap().commits, 3);
    }
}
