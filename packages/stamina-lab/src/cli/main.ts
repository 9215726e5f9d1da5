#!/usr/bin/env node
/**
 * The program `stamina`: what is built into one file, and runs in threads of its own as well.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import { stamina } from "./stamina.ts"
import { answer } from "./work.ts"

/** The version of the package, which the build puts in. */
declare const VERSION: string

if (!answer()) NodeRuntime.runMain(Effect.provide(stamina(VERSION), NodeServices.layer))
