package io.fluxspark.pipeline;

import io.fluxspark.error.ErrorCode;
import io.fluxspark.error.FluxSparkException;
import io.fluxspark.request.Lora;
import io.fluxspark.weights.LoraFile;
import io.fluxspark.weights.LoraTerms;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model with the LoRAs that batches ask for. The base weights stay as they are; a set of LoRAs is
 * read when a batch first needs it, and kept until a batch needs another one and none uses it.
 * Several threads may use it at once.
 */
final class AdaptedModels implements AutoCloseable {
  private final FluxModel base;
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  AdaptedModels(FluxModel base) {
    this.base = base;
  }

  private static final class Entry {
    private final FluxModel model;
    private int holders;

    private Entry(FluxModel model) {
      this.model = model;
    }
  }

  /** The right to use a model, until closed. */
  record Lease(FluxModel model, Runnable giveBack) implements AutoCloseable {
    @Override
    public void close() {
      giveBack.run();
    }
  }

  /**
   * The model that a batch needs.
   *
   * @param first of the batch, of which all pictures have the same LoRAs
   * @throws FluxSparkException {@code INVALID_LORA} where one is not, or not for this model
   */
  synchronized Lease lease(PreparedImage first) {
    String identity = first.request().request().loraIdentity();
    if (identity.isEmpty()) {
      return new Lease(base, () -> {});
    }
    Entry entry = entries.get(identity);
    if (entry == null) {
      closeIdle();
      entry = new Entry(base.adapted(scaled(first)));
      entries.put(identity, entry);
    }
    entry.holders++;
    Entry held = entry;
    return new Lease(held.model, () -> giveBack(held));
  }

  private List<LoraTerms.Scaled> scaled(PreparedImage image) {
    List<LoraTerms.Scaled> scaled = new ArrayList<>();
    List<Lora> loras = image.request().request().loras();
    for (int i = 0; i < loras.size(); i++) {
      LoraFile file = LoraFile.open(image.loraFiles().get(i));
      file.verify(base.folder().adaptable());
      scaled.add(new LoraTerms.Scaled(file, loras.get(i).scale()));
    }
    return scaled;
  }

  private synchronized void giveBack(Entry entry) {
    entry.holders--;
  }

  private void closeIdle() {
    for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (entry.holders == 0) {
        all.remove();
        entry.model.close();
      }
    }
  }

  @Override
  public synchronized void close() {
    closeIdle();
    if (!entries.isEmpty()) {
      throw new FluxSparkException(ErrorCode.INTERNAL, "a batch still uses a LoRA");
    }
  }
}
