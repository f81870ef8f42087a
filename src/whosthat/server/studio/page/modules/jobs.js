/**
 * The job that the server is doing, as the page saw it: a list of events becomes what views show. It goes on when the view changes.
 */
import { Fragment, html, useEffect, useState } from "./html.js";
import { listen, post } from "./api.js";
import { Fault, JobBar, useAction } from "./parts.js";
import { _ } from "./texts.js";

/** So many sentences are kept; a long job says more than anybody reads. */
const MOST_SENTENCES = 200;

const NOTHING = { sentences: [], step: null, run: null, epochs: [], end: null };

/** Return what a job looks like after one more event. */
export function after(seen, name, data) {
  switch (name) {
    case "say":
    case "result":
      return { ...seen, step: name === "result" ? null : seen.step, sentences: [...seen.sentences, data.sentence].slice(-MOST_SENTENCES) };
    case "step":
      return { ...seen, step: data };
    case "epoch":
      return { ...seen, epochs: [...seen.epochs.filter((one) => one.n < data.n), data] };
    case "run":
      return { ...seen, run: data.run };
    case "end":
      return { ...seen, step: null, end: data };
    default:
      return seen;
  }
}

/**
 * Follow a job, from its first event on.
 * @param {{id: string, state: string}|null} job
 * @param {(end: object) => Promise<void>} onEnd called once, when a job ends that was running when the page first saw it; the end shows after it
 */
export function useJob(job, onEnd) {
  const [seen, setSeen] = useState(NOTHING);
  useEffect(() => {
    setSeen(NOTHING);
    if (!job) return undefined;
    const wasRunning = job.state === "running";
    let wanted = true;
    const leave = listen(job.id, async (name, data) => {
      if (name === "end" && wasRunning) await onEnd(data);
      if (wanted) setSeen((before) => after(before, name, data));
    });
    return () => { wanted = false; leave(); };
  }, [job?.id]);
  return seen;
}

/** How far a job is, and its end on demand; `label` stands until the job tells what it does. */
export function Working({ job, seen, label = _("Working ...") }) {
  const [stopping, setStopping] = useState(job.stopping);
  const [run, busy, error] = useAction();
  const stop = () => run(async () => setStopping((await post(`jobs/${job.id}/cancel`)).stopping));
  return html`<${Fragment}><${JobBar} ...${{ seen, label }} />
    <p class="buttons"><button type="button" disabled=${busy || stopping} onClick=${stop}>${_("Stop")}</button> <span role="status" class="muted">${stopping && _("It stops after this step. You can go on later.")}</span></p>
    <${Fault} error=${error} /><//>`;
}
