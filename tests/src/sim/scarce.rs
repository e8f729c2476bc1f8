//! Scarce SKUs: somebody at central wants some units to be ceded, or wants them no more.

use super::dice::Dice;
use super::fate::Fate;
use super::head_office::HeadOffice;
use super::shop::Shop;
use anyhow::Result;
use holdfast_central::ports::escrow::{Escrows, PutOutcome};
use holdfast_shared::ids::{Actor, Sku, TenantId};
use holdfast_shared::time::Now;
use holdfast_shared::wire::sync::EscrowTarget;

/// # Errors
/// When central fails.
pub async fn escrow(
    office: &HeadOffice,
    (tenant, skus, shops): (&TenantId, &[Sku], &[Shop]),
    dice: &Dice,
    fate: &Fate,
    now: Now,
) -> Result<()> {
    let Some(store) = office.store().filter(|_| !office.is_paused(fate.step())) else { return Ok(()) };
    let (Some(shop), Some(sku)) = (dice.pick(shops), dice.pick(skus)) else { return Ok(()) };
    let node = &shop.identity.store;
    if dice.happens(350) {
        let ended = office.excuse(store.drop_escrow(tenant, node, sku, office.clock(now).utc).await, fate)?;
        fate.say(format_args!("{sku} is in escrow no more at {node}: {ended:?}"));
        if ended == Some(true) {
            fate.mark("escrow_ended");
        }
        return Ok(());
    }
    let target = EscrowTarget { sku: sku.clone(), units: dice.between(0, 6) };
    let who = Actor::new("key:ann")?;
    let put = store.put_escrow(tenant, node, &target, &who, office.clock(now).utc).await;
    let Some(put) = office.excuse(put, fate)? else { return Ok(()) };
    fate.say(format_args!("central wants {} of {sku} from {node}: {put:?}", target.units));
    if put == PutOutcome::Put {
        fate.mark("escrow_wanted");
    }
    Ok(())
}
