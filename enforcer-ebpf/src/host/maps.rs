//! Maps in the memory of the process, with as much of the kernel's interface as the steps use.

use std::cell::{Cell as Slot, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::hash::Hash;
use std::ptr;

use enforcer_common::{
    cell::{Cell, Cells},
    connection,
    event::{Counter, CounterKey, Outcome, ReplayInput},
    source::World,
};

use crate::fragment;

/// Entries stay where they are while the table grows, as in the kernel: steps hold pointers to them.
type Entries<K, V> = RefCell<HashMap<K, Box<UnsafeCell<V>>>>;

/// What one frame made the programs read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touched {
    /// Cells of overlay and image, each time that one was read.
    pub cells: Vec<u32>,
    /// Entries found in tables of connections, fragments and learnt addresses.
    pub found: u32,
    /// Lookups there that found none.
    pub missed: u32,
}

/// What one [`super::Host`] knows.
#[derive(Default)]
pub(crate) struct State {
    touched: RefCell<Option<Touched>>,
    cells: Vec<Cell>,
    generation: u32,
    input: ReplayInput,
    output: UnsafeCell<Outcome>,
    connections: Entries<connection::Key, connection::Value>,
    fragments: Entries<fragment::Key, fragment::Value>,
    learnt: Entries<[u32; 5], u64>,
    counters: Entries<CounterKey, Counter>,
    rules: Entries<u32, u64>,
}

impl State {
    pub(crate) fn switch(&mut self, half: Vec<Cell>, generation: u32) {
        self.cells = half;
        self.generation = generation;
    }

    pub(crate) fn forget(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        let touched = self.touched.take();
        *self = State { touched: RefCell::new(touched), cells, generation: self.generation, ..State::default() };
    }

    pub(crate) fn start(&mut self, input: ReplayInput) {
        self.input = input;
        *self.output.get_mut() = Outcome::default();
    }

    /// Begins to write down what is read, and gives what was read since the last call.
    pub(crate) fn watch(&mut self) -> Touched {
        self.touched.get_mut().replace(Touched::default()).unwrap_or_default()
    }

    fn looked_up(&self, found: bool) {
        if let Some(touched) = self.touched.borrow_mut().as_mut() {
            touched.found += u32::from(found);
            touched.missed += u32::from(!found);
        }
    }

    pub(crate) fn outcome(&mut self) -> Outcome {
        *self.output.get_mut()
    }

    pub(crate) fn connection(&self, key: &connection::Key) -> Option<connection::Value> {
        // SAFETY: no step runs while somebody asks.
        self.connections.borrow().get(key).map(|value| unsafe { *value.get() })
    }

    pub(crate) fn counters(&self) -> Vec<(CounterKey, Counter)> {
        // SAFETY: as above.
        self.counters.borrow().iter().map(|(key, counter)| (*key, unsafe { *counter.get() })).collect()
    }
}

thread_local! {
    /// Whose frame this thread is judging.
    static STATE: Slot<*const State> = const { Slot::new(ptr::null()) };
}

/// Runs a step over that state.
pub(crate) fn with<T>(state: &State, step: impl FnOnce() -> T) -> T {
    let before = STATE.replace(state);
    let done = step();
    STATE.set(before);
    done
}

fn state<'a>() -> &'a State {
    let state = STATE.get();
    assert!(!state.is_null(), "a step runs outside of a host");
    // SAFETY: `with` holds the state while its step runs, and nothing that a step gets hold of outlives the step.
    unsafe { &*state }
}

/// A map of the state that is being judged by, and whether it has an entry for each conversation or address: those of a few
/// zones are always at hand.
pub(crate) struct Map<K: 'static, V: 'static>(fn(&State) -> &Entries<K, V>, bool);

impl<K: Copy + Eq + Hash, V: Copy> Map<K, V> {
    /// The entry in its place.
    fn place(&self, key: &K) -> Option<*mut V> {
        let place = self.0(state()).borrow().get(key).map(|value| value.get());
        if self.1 {
            state().looked_up(place.is_some());
        }
        place
    }

    /// A pointer to the entry, for this thread alone.
    pub(crate) fn get_ptr_mut(&self, key: &K) -> Option<*mut V> {
        self.place(key)
    }

    /// The entry.
    ///
    /// # Safety
    /// Nothing may be written to the entry while the reference lives.
    pub(crate) unsafe fn get<'a>(&self, key: &K) -> Option<&'a V> {
        // SAFETY: the caller vouches for it; the entry lives as long as the state.
        self.place(key).map(|value| unsafe { &*value })
    }

    /// Writes an entry. With `flags` 1 it must not be there yet.
    pub(crate) fn insert(&self, key: &K, value: &V, flags: u64) -> Result<(), i32> {
        let mut entries = self.0(state()).borrow_mut();
        match entries.get(key) {
            Some(_) if flags == 1 => Err(-17),
            // SAFETY: this thread alone judges by the state, and holds no reference to the entry here.
            Some(entry) => {
                unsafe { *entry.get() = *value };
                Ok(())
            }
            None => {
                entries.insert(*key, Box::new(UnsafeCell::new(*value)));
                Ok(())
            }
        }
    }

    /// Takes an entry out.
    pub(crate) fn remove(&self, key: &K) -> Result<(), i32> {
        self.0(state()).borrow_mut().remove(key).map(drop).ok_or(-2)
    }
}

pub(crate) static CONNECTIONS: Map<connection::Key, connection::Value> = Map(|state| &state.connections, true);
pub(crate) static FRAGMENTS: Map<fragment::Key, fragment::Value> = Map(|state| &state.fragments, true);
pub(crate) static LEARNT: Map<[u32; 5], u64> = Map(|state| &state.learnt, true);
pub(crate) static COUNTERS: Map<CounterKey, Counter> = Map(|state| &state.counters, false);

/// Counters by number: all are there from the start.
pub(crate) struct Rules;

impl Rules {
    pub(crate) fn get_ptr_mut(&self, slot: u32) -> Option<*mut u64> {
        let mut rules = state().rules.borrow_mut();
        Some(rules.entry(slot).or_default().get())
    }
}

pub(crate) static RULES: Rules = Rules;

/// Where the outcome of a frame is written.
pub(crate) struct Output;

impl Output {
    pub(crate) fn get_ptr_mut(&self, _: u32) -> Option<*mut Outcome> {
        Some(state().output.get())
    }
}

pub(crate) static REPLAY_OUT: Output = Output;

/// The caller says what time it is.
pub(crate) fn is_replay() -> bool {
    true
}

/// What the caller says of this frame.
pub(crate) fn replay_input() -> Option<&'static ReplayInput> {
    Some(&state().input)
}

/// Time comes with each frame.
pub(crate) fn clock() -> u64 {
    state().input.now
}

/// First cell of the half in force, and the generation.
pub(crate) fn control() -> (u32, u32) {
    (0, state().generation)
}

/// The cells in force, and what was learnt. Both programs reach them alike.
#[expect(dead_code, reason = "the number tells the kernel which working memory a step is to use")]
pub(crate) struct Kernel(pub(crate) u32);

impl Cells for Kernel {
    fn cell(&self, index: u32) -> Option<&Cell> {
        let state = state();
        if let Some(touched) = state.touched.borrow_mut().as_mut() {
            touched.cells.push(index);
        }
        state.cells.get(index as usize)
    }
}

impl World for Kernel {
    fn learnt(&self, kind: u8, address: &[u32; 4]) -> u64 {
        let key = [address[0], address[1], address[2], address[3], kind as u32];
        // SAFETY: copied at once.
        unsafe { LEARNT.get(&key).copied().unwrap_or(0) }
    }
}
