use super::support::{Disk, NOW};
use crate::core::testing::at;
use crate::ports::ledger::{Devices, Role};
use holdfast_shared::limits::PAIRING_CODE_MS;
use holdfast_shared::time::{MonoMs, Now, UtcMs};
use std::collections::BTreeSet;

const SOON: Now = Now { utc: UtcMs(NOW + 1), mono: MonoMs(NOW + 1) };

#[tokio::test]
async fn a_code_pairs_one_device_once_and_in_time() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    ledger.offer_pairing([1; 32], Role::Picker, SOON).await.unwrap();
    ledger.offer_pairing([2; 32], Role::Pos, at(NOW)).await.unwrap();
    let device = ledger.pair([1; 32], "Handheld 3!", [7; 32], at(NOW)).await.unwrap().unwrap();
    assert!(device.device.as_str().starts_with("handheld-3-"), "{}", device.device);
    assert_eq!(device.role, Role::Picker);
    assert_eq!(ledger.pair([1; 32], "again", [8; 32], at(NOW)).await.unwrap(), None);
    assert_eq!(ledger.pair([2; 32], "late", [9; 32], at(NOW)).await.unwrap(), None);
    assert_eq!(ledger.by_token([7; 32]).await.unwrap(), Some(device.clone()));
    assert_eq!(ledger.by_token([8; 32]).await.unwrap(), None);
    ledger.seen(&[(device.device.clone(), UtcMs(50)), (device.device, UtcMs(40))]).await.unwrap();
    let seen = ledger.devices().await.unwrap()[0].seen_at;
    assert_eq!(seen, Some(UtcMs(40)), "told last, by a clock that may have been put back");
}

#[tokio::test]
async fn pairing_a_device_again_ends_its_old_token_and_gives_it_another_generation() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let mut generations = BTreeSet::new();
    for (n, token) in [(1, [1; 32]), (2, [2; 32])] {
        ledger.offer_pairing([n; 32], Role::Pos, SOON).await.unwrap();
        let device = ledger.pair([n; 32], "Till", token, at(NOW)).await.unwrap().unwrap();
        assert!(generations.insert(device.generation));
        if n == 1 {
            assert!(ledger.unpair(&device.device).await.unwrap());
            assert!(!ledger.unpair(&device.device).await.unwrap());
            assert_eq!(ledger.devices().await.unwrap(), []);
        }
    }
    assert_eq!(ledger.by_token([1; 32]).await.unwrap(), None);
    assert!(ledger.by_token([2; 32]).await.unwrap().is_some());
}

/// A box and its copy count the same and pair tills of the same name, but run as different boots.
#[tokio::test]
async fn the_same_pairing_in_another_boot_gives_other_ids() {
    let mut disk = Disk::new();
    let mut generations = BTreeSet::new();
    for _ in 0..2 {
        let ledger = disk.alone();
        ledger.offer_pairing([1; 32], Role::Pos, SOON).await.unwrap();
        let till = ledger.pair([1; 32], "Till", [7; 32], at(NOW)).await.unwrap().unwrap();
        assert!(generations.insert(till.generation));
        ledger.stop().await;
    }
}

#[tokio::test]
async fn a_code_goes_by_the_clock_that_does_not_jump() {
    let year = 365 * 86_400_000;
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let offer = async |n: u8, made: Now| {
        let until = Now { utc: made.utc.plus(PAIRING_CODE_MS), mono: made.mono.plus(PAIRING_CODE_MS) };
        ledger.offer_pairing([n; 32], Role::Pos, until).await.unwrap();
    };
    let made = at(NOW);
    offer(1, made).await;
    offer(2, made).await;
    // Time came from the network a moment later; and then somebody put it back.
    let ahead = Now { utc: made.utc.plus(year), mono: made.mono.plus(1) };
    assert!(ledger.pair([1; 32], "Till", [1; 32], ahead).await.unwrap().is_some(), "it is not old");
    let behind = Now { utc: made.utc.plus(-year), mono: made.mono.plus(PAIRING_CODE_MS) };
    assert_eq!(ledger.pair([2; 32], "Till", [2; 32], behind).await.unwrap(), None, "it is");
}

#[tokio::test]
async fn a_code_from_before_a_restart_does_not_live_for_ever_on_a_clock_that_was_put_back() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    let until = Now { utc: UtcMs(NOW + PAIRING_CODE_MS), mono: MonoMs(PAIRING_CODE_MS) };
    for n in [1, 2] {
        ledger.offer_pairing([n; 32], Role::Pos, until).await.unwrap();
    }
    ledger.stop().await;
    let ledger = disk.alone();
    let soon = Now { utc: UtcMs(NOW + 1), mono: MonoMs(5) };
    assert!(ledger.pair([1; 32], "Till", [1; 32], soon).await.unwrap().is_some());
    let long_ago = Now { utc: UtcMs(NOW - 1), mono: MonoMs(6) };
    assert_eq!(ledger.pair([2; 32], "Till", [2; 32], long_ago).await.unwrap(), None);
}
