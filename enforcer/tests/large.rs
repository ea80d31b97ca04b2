//! A policy of the kind that the example `large` times, small enough for a debug build: nobody in it is mistaken for another.

#[path = "../examples/large/site.rs"]
mod site;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Instant;

use enforcer::{compile, policy};
use enforcer_common::endpoint::{Endpoint, endpoint, flag};
use enforcer_common::image::heads;
use enforcer_common::table::{find_large, find_medium, find_small};

#[test]
fn every_device_is_found_by_its_addresses_and_its_mac() {
    let site = site::Site { devices: 4800, ..site::Site::LARGE };
    let folder = tempfile::tempdir().unwrap();
    site.write(folder.path()).unwrap();
    let start = Instant::now();
    let loaded = policy::load(folder.path(), None).unwrap_or_else(|report| panic!("{report}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    let read = start.elapsed();
    let image = compile::compile(&loaded.policy, &loaded.facts).unwrap();
    let compiled = start.elapsed() - read;
    println!("{} devices: read in {read:?}, compiled in {compiled:?}, {} cells", site.devices, image.cells.len());

    let cells = image.cells.as_slice();
    let heads = heads(cells, 0).unwrap();
    for device in 0..site.devices {
        let mac: String = site.mac(device).split(':').collect();
        let by_mac = find_medium(cells, 0, &heads.who.macs, u64::from_str_radix(&mac, 16).unwrap());
        let v4: Ipv4Addr = site.ipv4(device).parse().unwrap();
        let by_v4 = find_small(cells, 0, &heads.who.hosts4, u32::from(v4));
        let v6: Ipv6Addr = site.ipv6(device).parse().unwrap();
        let v6 = u128::from(v6);
        let key = [96, 64, 32, 0].map(|shift| (v6 >> shift) as u32);
        let by_v6 = find_large(cells, 0, &heads.who.hosts6, &key);
        assert_eq!([by_mac, by_v4], [by_v6, by_v6]);
        let who: Endpoint = endpoint(cells, &heads, by_v4.unwrap()).unwrap();
        assert_eq!(image.names.devices[who.device as usize], format!("device-{device}"));
        assert_eq!(image.names.zones[who.zone as usize], format!("floor-{}", site.floor(device)));
        assert!(who.is(flag::PROFILED) && who.is(flag::FENCED4) && who.is(flag::FENCED6));
    }
}
