// SPDX-License-Identifier: Apache-2.0
//! is_x86_feature_detected!, asked before the instruction. With --cfg wrong it is asked for another feature, with --cfg level what
//! it said is kept in a structure, with --cfg pointer in an atomic pointer to the function.
use std::arch::asm;

#[target_feature(enable = "sse4.1")]
#[inline(never)]
unsafe fn multiply_sse41(a: i32, b: i32) -> i32 {
    let product: i32;
    asm!("movd xmm0, {0:e}", "movd xmm1, {1:e}", "pmulld xmm0, xmm1", "movd {2:e}, xmm0",
         in(reg) a, in(reg) b, out(reg) product, out("xmm0") _, out("xmm1") _);
    product
}

#[inline(never)]
unsafe fn multiply_plain(a: i32, b: i32) -> i32 {
    a * b
}

#[cfg(not(wrong))]
fn is_fast() -> bool {
    std::is_x86_feature_detected!("sse4.1")
}

#[cfg(wrong)]
fn is_fast() -> bool {
    std::is_x86_feature_detected!("sse3")
}

#[cfg(not(any(level, pointer)))]
fn product(a: i32, b: i32) -> (i32, &'static str) {
    if is_fast() {
        (unsafe { multiply_sse41(a, b) }, "fast")
    } else {
        (unsafe { multiply_plain(a, b) }, "plain")
    }
}

#[cfg(level)]
mod searcher {
    #[derive(Clone, Copy, PartialEq, PartialOrd)]
    pub enum Level {
        Plain,
        Sse41,
    }
    pub struct Searcher {
        pub factor: i32,
        pub level: Level,
    }
    #[inline(never)]
    pub fn new(factor: i32) -> Box<Searcher> {
        let level = if super::is_fast() { Level::Sse41 } else { Level::Plain };
        Box::new(Searcher { factor, level })
    }
}

#[cfg(level)]
fn product(a: i32, b: i32) -> (i32, &'static str) {
    let searcher = searcher::new(b);
    if searcher.level >= searcher::Level::Sse41 {
        (unsafe { multiply_sse41(a, searcher.factor) }, "fast")
    } else {
        (unsafe { multiply_plain(a, searcher.factor) }, "plain")
    }
}

#[cfg(pointer)]
mod chosen {
    use std::sync::atomic::{AtomicPtr, Ordering};
    type Multiply = unsafe fn(i32, i32) -> i32;
    static CHOSEN: AtomicPtr<()> = AtomicPtr::new(detect as *mut ());

    unsafe fn detect(a: i32, b: i32) -> i32 {
        let multiply: Multiply = if super::is_fast() { super::multiply_sse41 } else { super::multiply_plain };
        CHOSEN.store(multiply as *mut (), Ordering::Relaxed);
        multiply(a, b)
    }

    #[inline(never)]
    pub fn multiply(a: i32, b: i32) -> i32 {
        unsafe { std::mem::transmute::<*mut (), Multiply>(CHOSEN.load(Ordering::Relaxed))(a, b) }
    }
}

#[cfg(pointer)]
fn product(a: i32, b: i32) -> (i32, &'static str) {
    (chosen::multiply(a, b), if is_fast() { "fast" } else { "plain" })
}

fn main() {
    let (number, path) = product(std::env::args().count() as i32 + 5, 7);
    if number != 42 {
        println!("wrong");
        std::process::exit(3);
    }
    println!("{}", path);
}
