//! Disks that are copied and put back.

use super::Stage;
use super::shop::{self, Shop};
use std::path::PathBuf;

impl Stage {
    /// A copy of a box's disk, as a backup or an image has it.
    pub fn copy_disk(&mut self, name: &str) -> PathBuf {
        let to = self.folder.path().join(format!("{name}-copy-{}", self.at_ms));
        self.shop(name).copy_disk(&to);
        to
    }

    /// The disk of a box is put back to an earlier copy, and the box starts from it.
    pub fn put_back_disk(&mut self, name: &str, copy: &std::path::Path) {
        self.shop(name).stop();
        self.shop(name).replace_disk(copy);
        self.shop(name).boot();
    }

    /// The database alone is put back: the witness of what was there stays beside it.
    pub fn put_back_database(&mut self, name: &str, copy: &std::path::Path) {
        self.shop(name).stop();
        shop::replace(self.shop(name).file(), copy);
        self.shop(name).boot();
    }

    /// Another box starts from a copy of a disk, under the identity that is on it.
    pub fn boot_copy(&mut self, of: &str, copy: &std::path::Path, name: &str) {
        let identity = self.shop(of).identity.clone();
        let file = self.folder.path().join(format!("{name}.db"));
        let mut shop = Shop::stopped(name, identity, file);
        shop.replace_disk(copy);
        shop.boot();
        self.shops.insert(name.to_owned(), shop);
    }

    /// Central's database as a backup of now has it.
    #[must_use]
    pub fn back_up_central(&self) -> PathBuf {
        let to = self.folder.path().join(format!("central-copy-{}", self.at_ms));
        self.office.back_up(&to);
        to
    }
}
