//! The program as its users see it: command lines, files, exit codes.

mod bad_input;
mod exit_codes;
mod explain;
mod exports;
mod init;
mod kill;
mod layouts;
mod live;
mod overtaken;
mod rehearse;
mod review;
mod samples;
mod scim;
mod seats;
mod stops;
mod stories;
mod streams;
mod stub;
mod support;
mod undo;
