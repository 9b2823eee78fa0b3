//! Which check depends on which: refused where it cannot be, kept in both directions.
//!
//! Names must be registered before, or stand in the same batch in any order, and there are no
//! cycles; so blocking can follow the relations without end. The trap: relations are indices, so
//! they are taken out before a check is.

use super::core::Core;
use crate::error::Error;
use crate::model::document::CheckSpec;
use std::collections::{HashMap, HashSet};

impl Core {
    /// Dependencies must be there already or in the same batch, and form no cycle.
    pub(super) fn check_relations(
        &self,
        specs: &[CheckSpec],
        prefix: impl Fn(usize) -> String,
    ) -> Result<(), Error> {
        if specs.iter().all(|spec| spec.depends_on.is_empty()) {
            return Ok(());
        }
        let places: HashMap<&str, usize> =
            specs.iter().enumerate().map(|(at, spec)| (&*spec.name, at)).collect();
        for (at, spec) in specs.iter().enumerate() {
            for name in &spec.depends_on {
                if !places.contains_key(&**name) && self.table.find(name).is_none() {
                    return Err(unknown_dependency(name).below(&prefix(at)));
                }
            }
        }
        // Kahn, 1962: take away what depends on nothing that is left; a cycle stays.
        let inside =
            |at: usize| specs[at].depends_on.iter().filter_map(|name| places.get(&**name).copied());
        let mut waits: Vec<usize> = (0..specs.len()).map(|at| inside(at).count()).collect();
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); specs.len()];
        (0..specs.len()).for_each(|at| inside(at).for_each(|other| dependents[other].push(at)));
        let mut free: Vec<usize> = (0..specs.len()).filter(|&at| waits[at] == 0).collect();
        while let Some(at) = free.pop() {
            for &dependent in &dependents[at] {
                waits[dependent] -= 1;
                if waits[dependent] == 0 {
                    free.push(dependent);
                }
            }
        }
        match waits.iter().position(|&count| count > 0) {
            Some(at) => Err(cycle(&specs[at].name).below(&prefix(at))),
            None => Ok(()),
        }
    }

    /// The dependencies of a check that replaces the one at `index`.
    pub(super) fn check_dependencies_of(&self, index: u32, spec: &CheckSpec) -> Result<(), Error> {
        let mut ahead = Vec::new();
        for name in &spec.depends_on {
            ahead.push(self.table.find(name).ok_or_else(|| unknown_dependency(name))?);
        }
        let mut seen = HashSet::<u32>::new();
        while let Some(next) = ahead.pop() {
            if next == index {
                return Err(cycle(&spec.name));
            }
            if seen.insert(next)
                && let Some(rare) = self.table.get(next).and_then(|check| check.rare.as_ref())
            {
                ahead.extend(&rare.depends_on);
            }
        }
        Ok(())
    }

    pub(super) fn relate(&mut self, index: u32, names: &[Box<str>]) {
        let found: Vec<u32> = names.iter().filter_map(|name| self.table.find(name)).collect();
        for &dependency in &found {
            if let Some(check) = self.table.get_mut(dependency) {
                check.rare_mut().dependents.insert(index);
            }
        }
        if let Some(check) = self.table.get_mut(index)
            && (!found.is_empty() || check.rare.is_some())
        {
            check.rare_mut().depends_on = found;
        }
        self.update_blocked(index);
    }

    pub(super) fn unrelate(&mut self, index: u32) {
        let rare = self.table.get_mut(index).and_then(|check| check.rare.as_mut());
        let dependencies =
            rare.map(|rare| std::mem::take(&mut rare.depends_on)).unwrap_or_default();
        for dependency in dependencies {
            if let Some(rare) = self.table.get_mut(dependency).and_then(|c| c.rare.as_mut()) {
                rare.dependents.remove(&index);
            }
        }
    }
}

fn unknown_dependency(name: &str) -> Error {
    let text = format!("\"{name}\" is not registered; register it before, or in the same batch");
    Error::document("/depends_on", text)
}

fn cycle(name: &str) -> Error {
    Error::document("/depends_on", format!("\"{name}\" would depend on itself"))
}
