//! Which filesystems are being looked at, over all lives of a monitor.
//!
//! Shared by the background thread and those that look. A look that hangs stays here until it
//! comes back, also when its life is over: until then nobody else looks at that filesystem. The
//! trap is a look that is lost unheard; so a [`Flight`] says that it is over when it is dropped.

use super::Look;
use crate::sync::{Arc, Mutex, lock};
use crate::sys::mount_points::Point;
use crate::time::Tick;
use std::path::Path;

/// What only one look at a time may touch.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// A filesystem, by its device: several mounts may show it.
    Device((u32, u32)),
    /// A path of which nobody can tell where it lies.
    Path(Box<str>),
}

/// Who is at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    token: u64,
    place: Place,
    /// The mount in words.
    pub name: String,
    /// Since when.
    pub began: Tick,
    /// Whether it is past its deadline.
    pub overdue: bool,
}

/// The looks that are under way.
#[derive(Default)]
pub struct Air(Mutex<Content>);

#[derive(Default)]
struct Content {
    holders: Vec<Holder>,
    /// Looks that were led to a place where somebody else is.
    turned_back: Vec<Look>,
    /// Whether a place may have become free since somebody asked.
    changed: bool,
}

/// One look; it ends with this.
pub struct Flight {
    air: Arc<Air>,
    token: u64,
}

impl Air {
    /// Begins a look at a place, unless somebody is there.
    pub fn begin(
        self: &Arc<Air>,
        token: u64,
        place: Place,
        name: String,
        now: Tick,
    ) -> Option<Flight> {
        let mut content = lock(&self.0);
        if content.holders.iter().any(|holder| holder.place == place) {
            return None;
        }
        content.holders.push(Holder { token, place, name, began: now, overdue: false });
        Some(Flight { air: Arc::clone(self), token })
    }

    /// Who is at a place.
    pub fn holder(&self, place: &Place) -> Option<Holder> {
        lock(&self.0).holders.iter().find(|holder| holder.place == *place).cloned()
    }

    /// A look is past its deadline, and says so; nothing if it is over.
    pub fn give_up(&self, token: u64) -> Option<Holder> {
        let mut content = lock(&self.0);
        let holder = content.holders.iter_mut().find(|holder| holder.token == token)?;
        holder.overdue = true;
        Some(holder.clone())
    }

    /// All of them are: their life is over.
    pub fn give_up_all(&self) -> Vec<Look> {
        let mut content = lock(&self.0);
        content.holders.iter_mut().for_each(|holder| holder.overdue = true);
        std::mem::take(&mut content.turned_back)
    }

    /// Those that were turned back since, if anything has changed.
    pub fn changes(&self) -> Option<Vec<Look>> {
        let mut content = lock(&self.0);
        let looks = std::mem::take(&mut content.turned_back);
        std::mem::take(&mut content.changed).then_some(looks)
    }
}

impl Flight {
    /// Goes on to another mount, which frees the one before, and says whether it is another; the
    /// place is the answer if somebody is there.
    pub fn enter(&self, point: &Point) -> Result<bool, Place> {
        let place = Place::Device(point.device);
        let mut content = lock(&self.air.0);
        let Content { holders, changed, .. } = &mut *content;
        let at = holders.iter().find(|holder| holder.place == place).map(|holder| holder.token);
        match at {
            Some(token) if token == self.token => Ok(false),
            Some(_) => Err(place),
            None => {
                if let Some(own) = holders.iter_mut().find(|holder| holder.token == self.token) {
                    (own.place, own.name) = (place, in_words(&point.path));
                    *changed = true;
                }
                Ok(true)
            }
        }
    }

    /// Ends because somebody else is where it leads.
    pub fn turn_back(self, look: Look) {
        let mut content = lock(&self.air.0);
        content.turned_back.push(look);
        content.changed = true;
        // It is dropped after the lock is left.
        drop(content);
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut content = lock(&self.air.0);
        content.holders.retain(|holder| holder.token != self.token);
        content.changed = true;
    }
}

/// A mount point as people are told.
pub fn in_words(path: &Path) -> String {
    format!("the mount {}", path.display())
}
