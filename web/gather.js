/**
 * Brings together what several predictors say of one picture, so that it is drawn at once. Pure: predictions and
 * the time come in, gathered ones go out. With one predictor everything passes straight through.
 *
 * A picture waits for those predictors that keep up with the others. One that is usually late by more than
 * LAG_MAX_MS, or has said nothing for WAIT_MAX_MS, is not waited for: what it says then comes after, alone in
 * time but with what was gathered before it, and is drawn if its picture is still on show. Each predictor's
 * predictions come in the order of the pictures, so one for a later picture says that this one was left out.
 */

export const LAG_MAX_MS = 80;
export const WAIT_MAX_MS = 150;
const KEPT_COUNT = 90;
const MEMORY = 0.2; // of the newest in the usual lag

export class Gather {
  #predictors = new Map(); // name -> {seq, at, lag}
  #pictures = new Map(); // seq -> {since, parts, told}; oldest first

  /**
   * @param {{seq: number, predictor: string, objects: object[], data: any}} prediction
   * @returns {object[]} gathered predictions: as a prediction, with all objects, and `parts`: the predictions as they came
   */
  add(prediction, now) {
    const { seq, predictor: name } = prediction;
    const picture = this.#pictures.get(seq) ?? this.#begin(seq, now);
    const known = this.#predictors.get(name);
    const lag = now - picture.since;
    this.#predictors.set(name, { seq, at: now, lag: known ? known.lag + MEMORY * (lag - known.lag) : 0 });
    picture.parts.push(prediction);
    return picture.told ? [gathered(picture)] : this.tick(now);
  }

  /** When tick() should be called, or null. */
  get deadline() {
    for (const { since, told } of this.#pictures.values()) if (!told) return since + WAIT_MAX_MS;
    return null;
  }

  /** What has waited long enough. @returns {object[]} */
  tick(now) {
    const ready = [];
    for (const [seq, picture] of this.#pictures) {
      if (picture.told || this.#isAwaited(seq, picture, now)) continue;
      picture.told = true;
      ready.push(gathered(picture));
    }
    return ready;
  }

  /** The stream begins again. */
  reset() {
    this.#predictors.clear();
    this.#pictures.clear();
  }

  #begin(seq, now) {
    const picture = { since: now, parts: [], told: false };
    this.#pictures.set(seq, picture);
    if (this.#pictures.size > KEPT_COUNT) this.#pictures.delete(this.#pictures.keys().next().value);
    return picture;
  }

  #isAwaited(seq, { since }, now) {
    if (now - since >= WAIT_MAX_MS) return false;
    return [...this.#predictors.values()].some((one) => one.seq < seq && one.lag <= LAG_MAX_MS
      && now - one.at < WAIT_MAX_MS);
  }
}

function gathered({ parts }) {
  const [first] = parts;
  if (parts.length === 1) return { ...first, parts: [...parts] };
  return { ...first, objects: parts.flatMap(({ objects }) => objects), parts: [...parts] };
}
