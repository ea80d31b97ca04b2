//! The flows on the wire.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Result;

use super::flows::Flow;
use crate::exchange::{self, PATIENCE, SILENCE};
use crate::frame::{self, Ends};
use crate::lab::{HOST_PORT, Lab};
use crate::namespace::Namespace;
use crate::raw::{self, Wire};

/// Sends a flow; true when it came through.
pub fn attempt(lab: &Lab, flow: &Flow) -> Result<bool> {
    if flow.forged.is_some() {
        return forged(lab, flow);
    }
    let seen =
        exchange::attempt_within(lab.host(flow.from)?, listening(lab, flow)?, flow.at, flow.service, patience(flow))?;
    // Half a conversation is not what either wants: of a flow that should be dropped, nothing may arrive.
    Ok(if flow.passes { seen.arrived && seen.answered } else { seen.arrived || seen.answered })
}

/// The frame that opens a flow.
pub(super) fn first_frame(lab: &Lab, flow: &Flow, payload: &[u8]) -> Result<Vec<u8>> {
    let from = lab.host(flow.from)?;
    let source: IpAddr = match flow.forged {
        Some(claimed) => lab.host(claimed)?.like(flow.at),
        None => from.like(flow.at),
    };
    frame::build(Ends { mac: (from.mac, from.network.mac), ip: (source, flow.at) }, &[], flow.service, payload)
}

/// Nobody would get the answer to a forged frame: it counts as passed when it arrives.
fn forged(lab: &Lab, flow: &Flow) -> Result<bool> {
    let from = Wire::open(&lab.host(flow.from)?.namespace, HOST_PORT)?;
    let to = Wire::open(listening(lab, flow)?, HOST_PORT)?;
    let marker = raw::marker();
    from.send(&first_frame(lab, flow, &marker)?)?;
    Ok(to.await_marked(&marker, patience(flow))?.is_some())
}

fn listening<'lab>(lab: &'lab Lab, flow: &Flow) -> Result<&'lab Namespace> {
    if flow.to == "router" {
        return Ok(&lab.router);
    }
    Ok(&lab.host(flow.to)?.namespace)
}

fn patience(flow: &Flow) -> Duration {
    if flow.passes { PATIENCE } else { SILENCE }
}
