//! The engine's semantics, through the public interface: mostly by a manual clock, and with real
//! sockets and threads where only those can tell. Nothing sleeps; waits are bounded.

#[path = "engine/callbacks.rs"]
mod callbacks;
#[path = "engine/depends.rs"]
mod depends;
#[path = "engine/external.rs"]
mod external;
#[path = "engine/freshness.rs"]
mod freshness;
#[path = "engine/groups.rs"]
mod groups;
#[path = "engine/heartbeat.rs"]
mod heartbeat;
#[path = "engine/incumbents.rs"]
mod incumbents;
#[path = "engine/keeper.rs"]
mod keeper;
#[path = "engine/life.rs"]
mod life;
#[path = "engine/masks.rs"]
mod masks;
#[path = "engine/property.rs"]
mod property;
#[path = "engine/registry.rs"]
mod registry;
#[path = "engine/rig.rs"]
mod rig;
#[path = "engine/schedule.rs"]
mod schedule;
#[path = "engine/slots.rs"]
mod slots;
#[path = "engine/subscription.rs"]
mod subscription;
#[path = "engine/thresholds.rs"]
mod thresholds;
