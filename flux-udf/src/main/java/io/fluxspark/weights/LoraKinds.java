package io.fluxspark.weights;

import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** What adapter files can have beside LoRA's two matrices, and is not read. */
final class LoraKinds {
  private record Kind(Pattern key, String problem) {}

  /** What is added to a weight or a bias; ComfyUI's tools write it for norms and biases. */
  private static final Pattern CHANGE = Pattern.compile(".*\\.(?:diff|diff_b)");

  /** A control LoRA has biases too, and is told apart first. */
  private static final List<Kind> NOT_READ =
      List.of(
          kind(
              ".*norm\\.(?:query|key)_norm\\.scale|.*\\.norm_(?:added_)?[qk]\\.weight",
              "belongs to a control LoRA such as FLUX.1-Depth-dev-lora, which takes an input"
                  + " picture beside the latents; those are not read"),
          kind(".*dora_scale|.*lora_magnitude_vector.*", "makes it a DoRA; only LoRA is read"),
          kind(".*\\.hada_.*", "makes it a LoHa; only LoRA is read"),
          kind(".*\\.lokr_.*", "makes it a LoKr; only LoRA is read"),
          kind(".*\\.oft_.*", "makes it an OFT; only LoRA is read"),
          kind(".*\\.[ab][12]\\.weight", "makes it a GLoRA; only LoRA is read"),
          kind(".*\\.lora_mid\\..*", "makes it a LoCon of a convolution; FLUX.1 has none"),
          kind(".*\\.lora_[AB](?:\\.[^.]+)?\\.bias", "is a LoRA's bias, which is not read"),
          new Kind(CHANGE, "changes a weight as a whole; only LoRA is read"),
          kind(
              ".*\\.(?:w_norm|b_norm|set_weight|reshape_weight)",
              "changes a weight as a whole; only LoRA is read"),
          kind("bundle_emb\\..*", "is a bundled embedding; only LoRA is read"));

  private LoraKinds() {}

  private static Kind kind(String key, String problem) {
    return new Kind(Pattern.compile(key), problem);
  }

  /**
   * Refuses tensors that are known, and not read.
   *
   * @param zero whether a tensor has nothing but zeros
   * @return the others, without changes of whole weights that change nothing
   */
  static List<TensorEntry> requireRead(List<TensorEntry> tensors, Predicate<TensorEntry> zero) {
    List<TensorEntry> others =
        tensors.stream()
            .filter(tensor -> !CHANGE.matcher(tensor.name()).matches() || !zero.test(tensor))
            .toList();
    for (Kind kind : NOT_READ) {
      for (TensorEntry tensor : others) {
        if (kind.key().matcher(tensor.name()).matches()) {
          throw LoraFile.invalid(
              tensor.file(), "tensor " + JsonFiles.quoted(tensor.name()) + " " + kind.problem());
        }
      }
    }
    return others;
  }
}
