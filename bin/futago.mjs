#!/usr/bin/env node
console.log("futago", process.version);
