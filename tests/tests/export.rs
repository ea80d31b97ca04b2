//! The same policy as nftables rules: loaded into a router without enforcer, they give the verdicts that enforcer gives.

mod export {
    mod demo;
    mod drawn;
    mod generated;
    mod learnt;
    mod links;
    mod nat;
    mod random;
    mod readings;
    mod table;
}
