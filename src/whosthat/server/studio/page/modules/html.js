/**
 * The one place that knows which libraries draw the page: markup as tagged templates, without a build step.
 */
import htm from "../vendor/htm.js";
import { h } from "../vendor/preact.js";

export const html = htm.bind(h);
export { Fragment, render } from "../vendor/preact.js";
export { useEffect, useErrorBoundary, useId, useMemo, useRef, useState } from "../vendor/hooks.js";
