package io.fluxspark.weights;

import io.fluxspark.weights.LoraTarget.Share;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names that LoRA files have for the linear layers of FLUX.1 and of its text encoders.
 *
 * <p>Three sets of names are in use for the transformer: diffusers' own; those of BFL's reference
 * code ({@code flux/model.py}), where q, k and v, and in single blocks the MLP's first layer too,
 * are one layer; and those of XLabs' attention processors ({@code x-flux}, {@code
 * src/flux/modules/layers.py}). BFL's last modulation gives shift before scale, diffusers' scale
 * before shift. Some tools write names with {@code _} in place of each dot, so names are looked up
 * in that form.
 */
final class LoraNames {
  private static final String TRANSFORMER = "transformer";
  private static final Pattern NUMBERED =
      Pattern.compile(
          "(double_blocks|single_blocks|transformer_blocks|single_transformer_blocks"
              + "|text_model_encoder_layers|encoder_layers|encoder_block)_(0|[1-9][0-9]{0,3})_(.+)");

  private static final List<Share> Q = List.of(new Share(0, 1, 3));
  private static final List<Share> K = List.of(new Share(1, 1, 3));
  private static final List<Share> V = List.of(new Share(2, 1, 3));

  /** The halves of the modulation, exchanged. */
  private static final List<Share> SWAPPED = List.of(new Share(1, 1, 2), new Share(0, 1, 2));

  private static final Map<String, List<LoraTarget>> TARGETS = new HashMap<>();

  static {
    diffusers();
    bfl();
    xlabs();
    clip("text_model_encoder_layers");
    clip("encoder_layers");
    t5();
  }

  private LoraNames() {}

  /**
   * The layers that a name means; none where FLUX.1 does not run the layer.
   *
   * @param part see {@link LoraModule#part}
   * @return empty where no layer has this name
   */
  static Optional<List<LoraTarget>> find(String part, String name) {
    String flat = name.replace(".processor.", ".").replace('.', '_');
    Matcher numbered = NUMBERED.matcher(flat);
    if (!numbered.matches()) {
      return Optional.ofNullable(TARGETS.get(part + " " + flat));
    }
    String number = numbered.group(2);
    return Optional.ofNullable(
            TARGETS.get(part + " " + numbered.group(1) + "_#_" + numbered.group(3)))
        .map(
            targets ->
                targets.stream()
                    .map(
                        target ->
                            new LoraTarget(
                                part, target.module().replace("#", number), target.shares()))
                    .toList());
  }

  private static void diffusers() {
    String block = "transformer_blocks.#.";
    for (String layer :
        List.of(
            "norm1.linear",
            "norm1_context.linear",
            "attn.to_q",
            "attn.to_k",
            "attn.to_v",
            "attn.add_q_proj",
            "attn.add_k_proj",
            "attn.add_v_proj",
            "attn.to_out.0",
            "attn.to_add_out",
            "ff.net.0.proj",
            "ff.net.2",
            "ff_context.net.0.proj",
            "ff_context.net.2")) {
      whole(TRANSFORMER, block + layer, block + layer);
    }
    // attention processors, as diffusers once stored them, had no number here
    whole(TRANSFORMER, block + "attn.to_out", block + "attn.to_out.0");

    String single = "single_transformer_blocks.#.";
    for (String layer :
        List.of("norm.linear", "attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp", "proj_out")) {
      whole(TRANSFORMER, single + layer, single + layer);
    }
    for (String layer :
        List.of(
            "x_embedder",
            "context_embedder",
            "time_text_embed.timestep_embedder.linear_1",
            "time_text_embed.timestep_embedder.linear_2",
            "time_text_embed.guidance_embedder.linear_1",
            "time_text_embed.guidance_embedder.linear_2",
            "time_text_embed.text_embedder.linear_1",
            "time_text_embed.text_embedder.linear_2",
            "norm_out.linear",
            "proj_out")) {
      whole(TRANSFORMER, layer, layer);
    }
  }

  private static void bfl() {
    String from = "double_blocks.#.";
    String block = "transformer_blocks.#.";
    attention(from + "img_attn.qkv", block + "attn.to_q", block + "attn.to_k", block + "attn.to_v");
    attention(
        from + "txt_attn.qkv",
        block + "attn.add_q_proj",
        block + "attn.add_k_proj",
        block + "attn.add_v_proj");
    // OneTrainer numbers the layers that BFL fuses
    each(from + "img_attn.qkv", block + "attn.to_q", block + "attn.to_k", block + "attn.to_v");
    each(
        from + "txt_attn.qkv",
        block + "attn.add_q_proj",
        block + "attn.add_k_proj",
        block + "attn.add_v_proj");
    whole(TRANSFORMER, from + "img_attn.proj", block + "attn.to_out.0");
    whole(TRANSFORMER, from + "txt_attn.proj", block + "attn.to_add_out");
    whole(TRANSFORMER, from + "img_mod.lin", block + "norm1.linear");
    whole(TRANSFORMER, from + "txt_mod.lin", block + "norm1_context.linear");
    whole(TRANSFORMER, from + "img_mlp.0", block + "ff.net.0.proj");
    whole(TRANSFORMER, from + "img_mlp.2", block + "ff.net.2");
    whole(TRANSFORMER, from + "txt_mlp.0", block + "ff_context.net.0.proj");
    whole(TRANSFORMER, from + "txt_mlp.2", block + "ff_context.net.2");

    String single = "single_transformer_blocks.#.";
    // q, k and v, and the MLP that is four times as wide
    add(
        TRANSFORMER,
        "single_blocks.#.linear1",
        new LoraTarget(TRANSFORMER, single + "attn.to_q", List.of(new Share(0, 1, 7))),
        new LoraTarget(TRANSFORMER, single + "attn.to_k", List.of(new Share(1, 1, 7))),
        new LoraTarget(TRANSFORMER, single + "attn.to_v", List.of(new Share(2, 1, 7))),
        new LoraTarget(TRANSFORMER, single + "proj_mlp", List.of(new Share(3, 4, 7))));
    each(
        "single_blocks.#.linear1",
        single + "attn.to_q",
        single + "attn.to_k",
        single + "attn.to_v",
        single + "proj_mlp");
    whole(TRANSFORMER, "single_blocks.#.linear2", single + "proj_out");
    whole(TRANSFORMER, "single_blocks.#.modulation.lin", single + "norm.linear");

    whole(TRANSFORMER, "img_in", "x_embedder");
    whole(TRANSFORMER, "txt_in", "context_embedder");
    embedder("time_in", "timestep_embedder");
    embedder("guidance_in", "guidance_embedder");
    embedder("vector_in", "text_embedder");
    add(
        TRANSFORMER,
        "final_layer.adaLN_modulation.1",
        new LoraTarget(TRANSFORMER, "norm_out.linear", SWAPPED));
    whole(TRANSFORMER, "final_layer.linear", "proj_out");
  }

  private static void embedder(String name, String ours) {
    whole(TRANSFORMER, name + ".in_layer", "time_text_embed." + ours + ".linear_1");
    whole(TRANSFORMER, name + ".out_layer", "time_text_embed." + ours + ".linear_2");
  }

  private static void xlabs() {
    String from = "double_blocks.#.";
    String attn = "transformer_blocks.#.attn.";
    attention(from + "qkv_lora1", attn + "to_q", attn + "to_k", attn + "to_v");
    attention(from + "qkv_lora2", attn + "add_q_proj", attn + "add_k_proj", attn + "add_v_proj");
    whole(TRANSFORMER, from + "proj_lora1", attn + "to_out.0");
    whole(TRANSFORMER, from + "proj_lora2", attn + "to_add_out");

    String single = "single_transformer_blocks.#.";
    attention(
        "single_blocks.#.qkv", single + "attn.to_q", single + "attn.to_k", single + "attn.to_v");
    whole(TRANSFORMER, "single_blocks.#.proj", single + "proj_out");
  }

  private static void clip(String name) {
    String part = "text_encoder";
    String layer = "text_model.encoder.layers.#.";
    for (String projection : List.of("q", "k", "v", "out")) {
      String ours = layer + "self_attn." + projection + "_proj";
      whole(part, name + ".#.self_attn." + projection + "_proj", ours);
      // the attention processors' names, as diffusers once stored them
      whole(part, name + ".#.self_attn.to_" + projection, ours);
    }
    whole(part, name + ".#.mlp.fc1", layer + "mlp.fc1");
    whole(part, name + ".#.mlp.fc2", layer + "mlp.fc2");
    // FLUX.1 takes CLIP's pooled output before this layer
    TARGETS.put(part + " text_projection", List.of());
  }

  private static void t5() {
    String block = "encoder.block.#.layer.";
    for (String layer :
        List.of(
            "0.SelfAttention.q",
            "0.SelfAttention.k",
            "0.SelfAttention.v",
            "0.SelfAttention.o",
            "1.DenseReluDense.wi_0",
            "1.DenseReluDense.wi_1",
            "1.DenseReluDense.wo")) {
      whole("text_encoder_2", block + layer, block + layer);
    }
  }

  private static void whole(String part, String name, String module) {
    add(part, name, new LoraTarget(part, module, LoraTarget.WHOLE));
  }

  private static void each(String name, String... modules) {
    for (int i = 0; i < modules.length; i++) {
      whole(TRANSFORMER, name + "." + i, modules[i]);
    }
  }

  private static void attention(String name, String q, String k, String v) {
    add(
        TRANSFORMER,
        name,
        new LoraTarget(TRANSFORMER, q, Q),
        new LoraTarget(TRANSFORMER, k, K),
        new LoraTarget(TRANSFORMER, v, V));
  }

  private static void add(String part, String name, LoraTarget... targets) {
    TARGETS.put(part + " " + name.replace('.', '_'), List.of(targets));
  }
}
