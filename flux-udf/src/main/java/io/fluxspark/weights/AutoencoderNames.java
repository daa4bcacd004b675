package io.fluxspark.weights;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The names of BFL's autoencoder ({@code flux/modules/autoencoder.py}), and what they are in
 * diffusers' {@code AutoencoderKL}.
 */
final class AutoencoderNames {
  private static final Pattern DECODER_LEVEL =
      Pattern.compile("^decoder\\.up\\.(\\d{1,3})\\.(?=block\\.|upsample\\.)");

  private static final List<Rule> RULES =
      List.of(
          Rule.of(
              "^encoder\\.down\\.(\\d{1,3})\\.(?=block\\.|downsample\\.)",
              "encoder.down_blocks.$1."),
          Rule.of("_blocks\\.(\\d{1,3})\\.block\\.", "_blocks.$1.resnets."),
          Rule.of("_blocks\\.(\\d{1,3})\\.(down|up)sample\\.", "_blocks.$1.$2samplers.0."),
          Rule.of("^(encoder|decoder)\\.mid\\.block_1\\.", "$1.mid_block.resnets.0."),
          Rule.of("^(encoder|decoder)\\.mid\\.block_2\\.", "$1.mid_block.resnets.1."),
          Rule.of("^(encoder|decoder)\\.mid\\.attn_1\\.", "$1.mid_block.attentions.0."),
          Rule.of("\\.attentions\\.0\\.norm\\.", ".attentions.0.group_norm."),
          Rule.of("\\.attentions\\.0\\.([qkv])\\.", ".attentions.0.to_$1."),
          Rule.of("\\.attentions\\.0\\.proj_out\\.", ".attentions.0.to_out.0."),
          Rule.of("\\.nin_shortcut\\.", ".conv_shortcut."),
          Rule.of("^(encoder|decoder)\\.norm_out\\.", "$1.conv_norm_out."));

  private record Rule(Pattern from, String to) {
    static Rule of(String from, String to) {
      return new Rule(Pattern.compile(from), to);
    }

    String apply(String name) {
      return from.matcher(name).replaceFirst(to);
    }
  }

  private AutoencoderNames() {}

  /**
   * diffusers' name; one that is no name of BFL's stays as it is.
   *
   * @param levels of the decoder, which BFL counts from the picture's and diffusers from the
   *     latents'
   */
  static String find(String name, int levels) {
    Matcher level = DECODER_LEVEL.matcher(name);
    String found =
        level.find()
            ? "decoder.up_blocks."
                + (levels - 1 - Integer.parseInt(level.group(1)))
                + "."
                + name.substring(level.end())
            : name;
    for (Rule rule : RULES) {
      found = rule.apply(found);
    }
    return found;
  }

  /** How many levels the decoder has whose name this is part of, at least; else 0. */
  static int levels(String name) {
    Matcher level = DECODER_LEVEL.matcher(name);
    return level.find() ? Integer.parseInt(level.group(1)) + 1 : 0;
  }
}
