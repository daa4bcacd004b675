package io.fluxspark.weights;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A tensor's name in a LoRA file, taken apart.
 *
 * @param part see {@link LoraModule#part}
 * @param name of the layer in the file's own naming, without what stands before and behind it
 */
record LoraKey(LoraNaming naming, String part, String name, Role role) {
  /** Which of a layer's tensors it is. */
  enum Role {
    DOWN,
    UP,
    ALPHA
  }

  private record Prefix(String text, String part, LoraNaming naming) {}

  /**
   * Where one is the beginning of another, the longer one is first. Sources: diffusers' {@code
   * lora_conversion_utils.py}; {@code LORA_PREFIX_*} in sd-scripts' {@code networks/lora_flux.py};
   * ComfyUI's {@code comfy/lora.py}; {@code convert_to_mixture} in OneTrainer's {@code
   * convert_lora_util.py}.
   */
  private static final List<Prefix> PREFIXES =
      List.of(
          new Prefix("base_model.model.", "transformer", LoraNaming.PEFT),
          new Prefix("model.diffusion_model.", "transformer", LoraNaming.COMFYUI),
          new Prefix("diffusion_model.", "transformer", LoraNaming.COMFYUI),
          new Prefix("text_encoders.clip_l.transformer.", "text_encoder", LoraNaming.COMFYUI),
          new Prefix("text_encoders.t5xxl.transformer.", "text_encoder_2", LoraNaming.COMFYUI),
          new Prefix("transformer.", "transformer", LoraNaming.DIFFUSERS),
          new Prefix("text_encoder_2.", "text_encoder_2", LoraNaming.DIFFUSERS),
          new Prefix("text_encoder.", "text_encoder", LoraNaming.DIFFUSERS),
          new Prefix("lora_unet_", "transformer", LoraNaming.KOHYA),
          new Prefix("lora_te1_", "text_encoder", LoraNaming.KOHYA),
          new Prefix("lora_te_", "text_encoder", LoraNaming.KOHYA),
          new Prefix("lora_te3_", "text_encoder_2", LoraNaming.KOHYA),
          new Prefix("lora_te2_", "text_encoder_2", LoraNaming.ONETRAINER),
          new Prefix("lora_transformer_", "transformer", LoraNaming.ONETRAINER),
          new Prefix("lycoris_", "transformer", LoraNaming.LYCORIS));

  /**
   * PEFT's, with or without an adapter's name; kohya's; what diffusers and transformers wrote
   * before they had PEFT, with or without attention processors; and XLabs'.
   */
  private static final Pattern FACTOR =
      Pattern.compile(
          "(?<name>.+?)(?:"
              + "\\.lora_(?<ab>[AB])(?:\\.[^.]+)?"
              + "|\\.lora_(?<kohya>down|up)"
              + "|(?:[._]lora|\\.lora_linear_layer)?\\.(?<old>down|up)"
              + ")\\.weight");

  private static final Pattern BFL =
      Pattern.compile(
          "img_in|txt_in"
              + "|(?:double_blocks|single_blocks|time_in|vector_in|guidance_in|final_layer)\\..*");

  private static final String ALPHA = ".alpha";

  /** Empty where it is not a tensor of a LoRA's linear layer. */
  static Optional<LoraKey> parse(String key) {
    if (key.endsWith(ALPHA)) {
      return Optional.of(of(key.substring(0, key.length() - ALPHA.length()), Role.ALPHA));
    }
    Matcher factor = FACTOR.matcher(key);
    if (!factor.matches()) {
      return Optional.empty();
    }
    boolean down =
        "A".equals(factor.group("ab"))
            || "down".equals(factor.group("kohya"))
            || "down".equals(factor.group("old"));
    return Optional.of(of(factor.group("name"), down ? Role.DOWN : Role.UP));
  }

  private static LoraKey of(String name, Role role) {
    for (Prefix prefix : PREFIXES) {
      if (name.startsWith(prefix.text())) {
        return new LoraKey(
            prefix.naming(), prefix.part(), name.substring(prefix.text().length()), role);
      }
    }
    LoraNaming naming = LoraNaming.DIFFUSERS;
    if (BFL.matcher(name).matches()) {
      naming = name.contains(".processor.") ? LoraNaming.XLABS : LoraNaming.BFL;
    }
    return new LoraKey(naming, "transformer", name, role);
  }

  /** The layers that are meant; empty where no layer has this name. */
  Optional<List<LoraTarget>> targets() {
    return LoraNames.find(part, name);
  }

  /** What all tensors of one layer have in common. */
  String layer() {
    return part + " " + name;
  }
}
