#!/usr/bin/env node
// Committed, so that the program has its name before it is built.
import '../dist/program/bin.js'
