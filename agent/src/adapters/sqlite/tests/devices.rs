use super::support::{Disk, NOW};
use crate::core::testing::at;
use crate::ports::ledger::{Devices, Role};
use holdfast_shared::time::UtcMs;

const SOON: UtcMs = UtcMs(NOW + 1);

#[tokio::test]
async fn a_code_pairs_one_device_once_and_in_time() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    ledger.offer_pairing([1; 32], Role::Picker, SOON).await.unwrap();
    ledger.offer_pairing([2; 32], Role::Pos, UtcMs(NOW)).await.unwrap();
    let device = ledger.pair([1; 32], "Handheld 3!", [7; 32], at(NOW)).await.unwrap().unwrap();
    assert!(device.device.as_str().starts_with("handheld-3-"), "{}", device.device);
    assert_eq!((device.role, device.generation), (Role::Picker, 1));
    assert_eq!(ledger.pair([1; 32], "again", [8; 32], at(NOW)).await.unwrap(), None);
    assert_eq!(ledger.pair([2; 32], "late", [9; 32], at(NOW)).await.unwrap(), None);
    assert_eq!(ledger.by_token([7; 32]).await.unwrap(), Some(device.clone()));
    assert_eq!(ledger.by_token([8; 32]).await.unwrap(), None);
    ledger.seen(&[(device.device.clone(), UtcMs(50)), (device.device, UtcMs(40))]).await.unwrap();
    assert_eq!(ledger.devices().await.unwrap()[0].seen_at, Some(UtcMs(50)));
}

#[tokio::test]
async fn pairing_a_device_again_ends_its_old_token_and_raises_its_generation() {
    let mut disk = Disk::new();
    let ledger = disk.alone();
    for (n, token) in [(1, [1; 32]), (2, [2; 32])] {
        ledger.offer_pairing([n; 32], Role::Pos, SOON).await.unwrap();
        let device = ledger.pair([n; 32], "Till", token, at(NOW)).await.unwrap().unwrap();
        assert_eq!(device.generation, u32::from(n));
        if n == 1 {
            assert!(ledger.unpair(&device.device).await.unwrap());
            assert!(!ledger.unpair(&device.device).await.unwrap());
            assert_eq!(ledger.devices().await.unwrap(), []);
        }
    }
    assert_eq!(ledger.by_token([1; 32]).await.unwrap(), None);
    assert!(ledger.by_token([2; 32]).await.unwrap().is_some());
}
