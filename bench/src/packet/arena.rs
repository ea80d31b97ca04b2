//! Everything that one site is measured with: the bench's programs, the product in its states, and maps that are filled.

use anyhow::{Context, Result, bail};
use enforcer::compile::{self, image::Image};
use enforcer::policy;
use enforcer_bench_ebpf::plan::flow;

use super::cases::{CASES, Case, Connections, HANDSHAKE};
use super::frame::{Frame, Shape};
use super::interfaces::Interfaces;
use super::plans::{Order, plan};
use super::product::Product;
use super::programs::{FREE, Programs, slot};
use super::rivals::{self, RIVALS, Rival};
use super::rounds::{Check, Contestant, Slice};
use super::site::Site;
use crate::group::Settings;

/// One site with all that is measured on it.
pub struct Arena {
    /// The bench's programs.
    pub programs: Programs,
    /// Instances of the product: see [`instance`].
    pub products: Vec<Product>,
    interfaces: Interfaces,
    site: Site,
}

/// The instance that a case is measured on. Established connections of both families have tables of their own, each sized at
/// twice its connections.
fn instance(connections: Connections, shape: Shape) -> usize {
    match connections {
        Connections::Established => usize::from(shape.ipv6),
        Connections::Room => 2,
        Connections::Full => 3,
    }
}

/// The slot that calls an instance.
fn slot_of(instance: usize) -> u32 {
    FREE + instance as u32
}

impl Arena {
    /// Compiles the site, loads the programs and fills their maps.
    pub fn new(settings: &Settings, site: Site, slice: Slice) -> Result<Arena> {
        let image = compiled(&site)?;
        let interfaces = Interfaces::new()?;
        let entries = interfaces.entries(&image.names)?;
        let mut programs = Programs::load(&settings.programs, site.devices)?;
        let mut products = Vec::new();
        let twice = site.devices.saturating_mul(2);
        for connections in [twice, twice, (slice.warm + slice.timed) * 2, site.devices] {
            let mut product = Product::load(&image, &entries, connections)?;
            programs.put(slot_of(products.len()), product.program()?)?;
            products.push(product);
        }
        let mut arena = Arena { programs, products, interfaces, site };
        arena.connect()?;
        arena.fill_up()?;
        for rival in RIVALS {
            arena.fill(&rival)?;
        }
        Ok(arena)
    }

    /// Opens every connection of the tables of established ones, each in an order of chance.
    fn connect(&mut self) -> Result<()> {
        for shape in Shape::ALL.into_iter().filter(|shape| !shape.tagged) {
            for step in HANDSHAKE {
                self.once(&self.contestant(&step, shape, Order::Sweep)?, self.site.devices)?;
            }
        }
        Ok(())
    }

    /// Opens more connections than the full table holds.
    fn fill_up(&mut self) -> Result<()> {
        for case in CASES.iter().filter(|case| case.connections == Connections::Full) {
            let contestant = self.contestant(case, Shape::ALL[0], Order::Uniform)?;
            self.once(&contestant, self.site.devices.saturating_mul(2))?;
        }
        Ok(())
    }

    /// Enters every key where the rival looks for it.
    fn fill(&mut self, rival: &Rival) -> Result<()> {
        let Some((program, times)) = rival.fill else { return Ok(()) };
        let fill = Rival { program, ..*rival };
        let contestant = self.rival(&fill, Order::Sweep)?;
        self.once(&contestant, self.site.devices.saturating_mul(times))
            .with_context(|| format!("the {} cannot be filled", rival.name))
    }

    /// Sends packets untimed.
    fn once(&mut self, contestant: &Contestant, packets: u32) -> Result<()> {
        let frame = &contestant.frame;
        let run = self.programs.run(&contestant.plan, &frame.bytes, frame.ifindex, packets)?;
        contestant.check(&mut self.products, run.returned, packets).with_context(|| contestant.case.clone())
    }

    /// The product on a kind of packet.
    pub fn contestant(&self, case: &Case, shape: Shape, order: Order) -> Result<Contestant> {
        let frame = self.frame(case, shape)?;
        let instance = instance(case.connections, shape);
        Ok(Contestant {
            case: format!("{}, {}{}", case.name, shape.label(), order.label()),
            name: super::PRODUCT,
            plan: plan(self.site.devices, order, case.flow, &frame, slot_of(instance)),
            frame,
            check: Check::Judged { instance, verdict: case.verdict, forgets: case.connections == Connections::Room },
            samples: Vec::new(),
        })
    }

    /// One of those that the product is compared with.
    pub fn rival(&self, rival: &Rival, order: Order) -> Result<Contestant> {
        let frame = self.frame(&CASES[0], Shape::ALL[0])?;
        let case = format!("{}{}", rival.case, order.label());
        Ok(self.own(case, rival.name, frame, order, (rival.flow, rival.program)))
    }

    /// The parser, or the empty program, on the packets of an established connection.
    pub fn plain(&self, program: &str, shape: Shape, order: Order) -> Result<Contestant> {
        let (case, name) = match program {
            "empty" => (rivals::NOTHING, rivals::EMPTY),
            "parse" => ("parse", rivals::PARSER),
            _ => bail!("{program} is no plain program"),
        };
        let case = format!("{case}, {}{}", shape.label(), order.label());
        Ok(self.own(case, name, self.frame(&CASES[0], shape)?, order, (flow::OF_KEY, program)))
    }

    fn own(&self, case: String, name: &'static str, frame: Frame, order: Order, what: (u32, &str)) -> Contestant {
        let (flow, program) = what;
        let plan = plan(self.site.devices, order, flow, &frame, slot(program));
        Contestant { case, name, plan, frame, check: Check::Found, samples: Vec::new() }
    }

    fn frame(&self, case: &Case, shape: Shape) -> Result<Frame> {
        case.packet.frame(shape, &self.interfaces.get(case.packet.enters)?)
    }
}

/// The site's policy, from files as an operator writes them to the image.
pub fn compiled(site: &Site) -> Result<Image> {
    let folder = tempfile::tempdir()?;
    site.write(folder.path())?;
    let loaded = match policy::load(folder.path(), None) {
        Ok(loaded) => loaded,
        Err(report) => bail!("the site's policy cannot be used:\n{}", report.rendered()),
    };
    compile::compile(&loaded.policy, &loaded.facts).context("the site's policy cannot be compiled")
}
