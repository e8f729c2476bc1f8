use holdfast_agent::ports::ledger::Ledger;
use holdfast_platform::sqlite::witness_path;
use holdfast_tests::stage::Stage;
use std::path::{Path, PathBuf};

fn log_of(file: &Path) -> PathBuf {
    PathBuf::from(format!("{}-wal", file.display()))
}

/// A till was answered, the power failed, and the disk had lied about the end of the log.
#[tokio::test]
async fn sales_that_the_log_lost_are_missed_told_and_central_is_asked_for_the_rest() {
    let mut stage = Stage::open().await;
    stage.store("leeds", &[("A", 10)]).await;
    stage.sell("leeds", "A", 1).await;
    stage.sync("leeds").await;
    for _ in 0..3 {
        stage.sell("leeds", "A", 1).await;
    }
    let file = stage.shop("leeds").file().to_owned();
    let as_it_lies =
        [file.clone(), log_of(&file), witness_path(&file)].map(|path| std::fs::read(path).unwrap());
    stage.shop("leeds").stop();
    let [database, log, witness] = as_it_lies;
    std::fs::write(&file, database).unwrap();
    std::fs::write(witness_path(&file), witness).unwrap();
    // Half of its last page never reached the disk.
    std::fs::write(log_of(&file), &log[..log.len() - 2_048]).unwrap();

    stage.shop("leeds").boot();
    let after = stage.shop("leeds").ledger().summary().await.unwrap();
    assert_eq!(after.losses.len(), 1, "a lost sale was not missed");
    assert_eq!(after.losses[0].facts, Some(1));
    assert_eq!(stage.on_hand_at("leeds", "A").await, 7);

    stage.sync("leeds").await;
    stage.sync("leeds").await;
    stage.level("leeds").await;
    assert_eq!(stage.position("leeds", "A").await.on_hand, 7);
    let told = stage.exceptions().await;
    assert!(told.iter().any(|told| told.contains("Up to 1 facts")), "{told:?}");
    assert!(stage.shop("leeds").ledger().summary().await.unwrap().losses[0].noted);
    stage.sell("leeds", "A", 1).await;
    assert_eq!(stage.on_hand_at("leeds", "A").await, 6);
}
