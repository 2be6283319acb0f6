// A read from the server may be older than an event that came while it was under way. This
// remembers what events said meanwhile and lays it over the answer, so nothing new is lost.

export class Meanwhile {
  #reading = 0;
  #said = []; // {channel, ts, message}: message is null when it was deleted.

  /** Runs a read; what is noted from its start on can be laid over its answer. */
  async during(read) {
    this.#reading += 1;
    try {
      return await read();
    } finally {
      this.#reading -= 1;
      // Forgotten only after the reader had its turn to lay it over what it got.
      setTimeout(() => {
        if (!this.#reading) this.#said = [];
      });
    }
  }

  note(channel, ts, message) {
    if (this.#reading) this.#said.push({ channel, ts, message });
  }

  /** The messages of an answer by ts, brought up to date for one channel. */
  over(messages, channel, belongs = () => true) {
    const filled = new Map(messages.map((one) => [one.ts, one]));
    for (const said of this.#said) {
      if (said.channel !== channel) continue;
      if (!said.message) filled.delete(said.ts);
      else if (belongs(said.message)) filled.set(said.ts, said.message);
    }
    return filled;
  }
}
