//! The ledger on real files: what it answers, what survives, what it does when the disk is full.

mod brought_back;
mod commands;
mod counts;
mod devices;
mod escrow;
mod import;
mod parcels;
mod pieces;
mod projections;
mod salvage;
mod salvage_seals;
mod storage;
mod support;
mod sync;
mod sync_faults;
mod traces;
