//! What tells a process from others that had or will have its number.

use std::fs;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What, beside host and number, makes a process of this machine the only one of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Birth {
    /// Which boot of the machine it belongs to.
    pub boot: String,
    /// When it began, in clock ticks since then.
    pub ticks: u64,
}

impl Birth {
    /// Of a process of this machine that is there; `None` if it is not, or cannot be seen.
    pub fn of(pid: u32) -> Option<Self> {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?.trim().to_owned();
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name, between parentheses, may hold anything; field 22 is the 20th after it.
        let ticks = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
        Some(Self { boot, ticks })
    }

    /// How long ago that was. No clock that somebody sets is asked.
    pub fn age(&self) -> Option<Duration> {
        let uptime = fs::read_to_string("/proc/uptime").ok()?;
        let uptime: f64 = uptime.split_whitespace().next()?.parse().ok()?;
        let began = self.ticks as f64 / rustix::param::clock_ticks_per_second() as f64;
        Duration::try_from_secs_f64((uptime - began).max(0.0)).ok()
    }
}
