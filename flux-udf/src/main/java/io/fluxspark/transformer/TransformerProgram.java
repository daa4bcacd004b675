package io.fluxspark.transformer;

import static io.fluxspark.program.Tensor.concat;

import io.fluxspark.program.DataType;
import io.fluxspark.program.Dim;
import io.fluxspark.program.Method;
import io.fluxspark.program.Program;
import io.fluxspark.program.Tensor;
import io.fluxspark.program.WeightStorage;
import io.fluxspark.program.Weights;
import java.util.List;

/**
 * FLUX.1's transformer as tensor programs. The parts and their names are those of {@code model.py}
 * in BFL's reference code; weights have the names of diffusers' {@code FluxTransformer2DModel}.
 *
 * <p>Axes: B pictures, S image tokens, L text tokens, C channels of a packed latent token, D inner
 * size, H heads of size d, T steps.
 *
 * <p>What modulates the blocks depends on timestep, guidance and pooled text alone. So a batch has
 * it computed once for all its steps ({@code modulate}), and each step ({@code step}) is given its
 * own; {@code velocity} is both for one step.
 */
final class TransformerProgram {
  private static final double EPS = 1e-6;
  private static final int SINUSOIDS = 256;
  private static final int MLP_RATIO = 4;

  /** Shift, scale and gate of attention and MLP, of both streams. */
  static final int DOUBLE_MODULATIONS = 12;

  static final int SINGLE_MODULATIONS = 3;
  static final int END_MODULATIONS = 2;

  private static final Dim B = Dim.named("B");
  private static final Dim S = Dim.named("S");
  private static final Dim L = Dim.named("L");
  private static final Dim T = Dim.named("T");

  /** All pictures of a batch, where B are some of them. */
  private static final Dim A = Dim.named("A");

  private final TransformerConfig config;
  private final DataType type;
  private final WeightStorage storage;
  private final long d;
  private final long inner;
  private final Dim pairs;

  final Program program = new Program("FluxTransformer");
  final Method modulateDouble;
  final Method modulateSingle;
  final Method doubleStreamBlock;
  final Method singleStreamBlock;
  final Method doubleStreamLayer;
  final Method singleStreamLayer;
  final Method embedText;
  final Method embedImage;
  final Method start;
  final Method join;
  final Method lastLayer;
  final Method end;
  final Method velocity;
  final Method modulate;
  final Method step;
  final Method firstBlock;
  final Method change;
  final Method otherBlocks;
  final Method replace;
  final Method reuse;
  final Method lastOfImage;

  /**
   * @param storage how the matrices of linear layers are given
   */
  TransformerProgram(TransformerConfig config, DataType type, WeightStorage storage) {
    this.config = config;
    this.storage = storage;
    this.type = type;
    this.d = config.attentionHeadDim();
    this.inner = config.innerDim();
    this.pairs = Dim.of(d / 2);
    this.modulateDouble = modulateDouble(program.method("modulate_double"));
    this.modulateSingle = modulateSingle(program.method("modulate_single"));
    this.doubleStreamBlock = doubleStreamBlock(program.method("double_stream_block"));
    this.singleStreamBlock = singleStreamBlock(program.method("single_stream_block"));
    this.doubleStreamLayer = doubleStreamLayer(program.method("double_stream_layer"));
    this.singleStreamLayer = singleStreamLayer(program.method("single_stream_layer"));
    this.embedText = embedText(program.method("embed_text"));
    this.embedImage = embedImage(program.method("embed_image"));
    this.start = start(program.method("start"));
    this.join = join(program.method("join"));
    this.lastLayer = lastLayer(program.method("last_layer"));
    this.end = end(program.method("end"));
    this.velocity = velocity(program.method("velocity"));
    this.modulate = modulate(program.method("modulate"));
    this.step = step(program.method("step"));
    this.firstBlock = firstBlock(program.method("first_block"));
    this.change = change(program.method("change"));
    this.otherBlocks = otherBlocks(program.method("other_blocks"));
    this.replace = replace(program.method("replace"));
    this.reuse = reuse(program.method("reuse"));
    this.lastOfImage = lastOfImage(program.method("last_of_image"));
  }

  // What several methods are given

  /** Only what blocks multiply tokens with is worth being multiplied in a narrow type. */
  private Weights weights(Method m) {
    WeightStorage besideProducts =
        switch (storage) {
          case AS_COMPUTED, INT8_PRODUCTS -> WeightStorage.AS_COMPUTED;
          case FLOAT8, FLOAT8_PRODUCTS -> WeightStorage.FLOAT8;
        };
    return m.adaptableWeights("w", type, besideProducts);
  }

  private Tensor latents(Method m) {
    return m.input("latents", DataType.FLOAT32, B, S, Dim.of(config.inChannels())); // (B, S, C)
  }

  private Tensor pooled(Method m) {
    Dim dclip = Dim.of(config.pooledProjectionDim());
    return m.input("pooled", DataType.FLOAT32, B, dclip); // (B, Dclip)
  }

  private Tensor pe(Method m) {
    return m.input("pe", DataType.FLOAT32, L.plus(S), pairs, Dim.of(2)); // (L + S, d/2, 2)
  }

  private Tensor doubleMods(Method m, Dim batch) {
    Dim layers = Dim.of(config.numLayers());
    Dim numbers = Dim.of(DOUBLE_MODULATIONS * inner);
    return m.input("double_mod", type, layers, T, batch, numbers); // (19, T, batch, 12 D) for dev
  }

  private Tensor singleMods(Method m, Dim batch) {
    Dim layers = Dim.of(config.numSingleLayers());
    Dim numbers = Dim.of(SINGLE_MODULATIONS * inner);
    return m.input("single_mod", type, layers, T, batch, numbers); // (38, T, batch, 3 D) for dev
  }

  private Tensor endMods(Method m) {
    return m.input("end_mod", type, T, B, Dim.of(END_MODULATIONS * inner)); // (T, B, 2 D)
  }

  // Methods

  /** T5's output to the transformer's size; it is the same at every step. */
  private Method embedText(Method m) {
    Weights w = weights(m);
    Tensor hidden =
        m.input(
            "t5_hidden", DataType.FLOAT32, B, L, Dim.of(config.jointAttentionDim())); // (B, L, Dt5)
    return m.returns(w.linear("context_embedder", hidden.to(type), inner)); // (B, L, D)
  }

  /** What the transformer predicts: the velocity noise - image at {@code timestep}, in float32. */
  private Method velocity(Method m) {
    Weights w = weights(m);
    Tensor latents = latents(m); // (B, S, C)
    Tensor txt = m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    Tensor pooled = pooled(m); // (B, Dclip)
    Tensor timestep = m.input("timestep", DataType.FLOAT32, B); // (B), 0 to 1000
    Tensor guidance = m.input("guidance", DataType.FLOAT32, B); // (B)
    Tensor pe = pe(m); // (L + S, d/2, 2)

    List<Tensor> started = m.call(start, w, latents, pooled, timestep, guidance);
    Tensor img = started.get(0); // (B, S, D)
    Tensor vec = started.get(1); // (B, D)
    List<Tensor> streams =
        m.forEachLayer("double_blocks", doubleStreamLayer, List.of(img, txt), vec, pe);
    Tensor x = m.call(join, streams.get(0), streams.get(1)).get(0); // (B, L + S, D)
    x = m.forEachLayer("single_blocks", singleStreamLayer, List.of(x), vec, pe).get(0);
    return m.returns(m.call(end, w, x, streams.get(1), vec).get(0)); // (B, S, C)
  }

  /** What modulates the blocks, at all steps at once. */
  private Method modulate(Method m) {
    Weights w = weights(m);
    Tensor pooled = pooled(m); // (B, Dclip)
    Tensor timesteps = m.input("timesteps", DataType.FLOAT32, T, B); // (T, B), 0 to 1000
    Tensor guidance = m.input("guidance", DataType.FLOAT32, B); // (B)
    Tensor vec = vec(m, w.in("time_text_embed"), timesteps, guidance, pooled.to(type)); // (T, B, D)
    return m.returns(
        m.ofEachLayer(
            "double_blocks", config.numLayers(), modulateDouble, vec), // (19, T, B, 12 D) for dev
        m.ofEachLayer(
            "single_blocks",
            config.numSingleLayers(),
            modulateSingle,
            vec), // (38, T, B, 3 D) for dev
        endMod(w, vec)); // (T, B, 2 D)
  }

  /** As {@code velocity}, at one of the steps that {@code modulate} was told. */
  private Method step(Method m) {
    Weights w = weights(m);
    Dim step = m.size("step");
    Tensor latents = latents(m); // (B, S, C)
    Tensor txt = m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    Tensor doubleMod = doubleMods(m, B); // (19, T, B, 12 D) for dev
    Tensor singleMod = singleMods(m, B); // (38, T, B, 3 D) for dev
    Tensor endMod = endMods(m); // (T, B, 2 D)
    Tensor pe = pe(m); // (L + S, d/2, 2)

    Tensor img = m.call(embedImage, w, latents).get(0); // (B, S, D)
    List<Tensor> streams =
        m.forEachLayer(
            "double_blocks",
            doubleStreamBlock,
            List.of(img, txt),
            List.of(doubleMod.select(1, step)),
            pe);
    Tensor x = m.call(join, streams.get(0), streams.get(1)).get(0); // (B, L + S, D)
    x =
        m.forEachLayer(
                "single_blocks",
                singleStreamBlock,
                List.of(x),
                List.of(singleMod.select(1, step)),
                pe)
            .get(0);
    return m.returns(
        m.call(lastLayer, w, x, streams.get(1), endMod.select(0, step)).get(0)); // (B, S, C)
  }

  /** What the first of {@code step}'s blocks makes, and what it adds to the image. */
  private Method firstBlock(Method m) {
    Weights w = weights(m);
    Dim step = m.size("step");
    Tensor latents = latents(m); // (B, S, C)
    Tensor txt = m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    Tensor doubleMod = doubleMods(m, B); // (19, T, B, 12 D) for dev
    Tensor pe = pe(m); // (L + S, d/2, 2)

    Tensor img = m.call(embedImage, w, latents).get(0); // (B, S, D)
    List<Tensor> streams =
        m.firstLayer(
            "double_blocks",
            doubleStreamBlock,
            List.of(img, txt),
            List.of(doubleMod.select(1, step)),
            pe);
    Tensor added = streams.get(0).subtract(img); // (B, S, D)
    return m.returns(streams.get(0), streams.get(1), added);
  }

  /** How far two tensors are apart and how large the second is, each the mean of a picture. */
  private Method change(Method m) {
    Tensor now = m.input("now", type, B, S, Dim.of(inner)).to(DataType.FLOAT32); // (B, S, D)
    Tensor before = m.input("before", type, B, S, Dim.of(inner)).to(DataType.FLOAT32); // (B, S, D)
    return m.returns(
        now.subtract(before).abs().meanOfEach(), before.abs().meanOfEach()); // (B), (B)
  }

  /**
   * The image behind all of {@code step}'s blocks, for some pictures of a batch; what the first
   * block has added to it, and what the others have.
   */
  private Method otherBlocks(Method m) {
    Dim step = m.size("step");
    Tensor places = m.input("places", DataType.INT64, B); // (B)
    Tensor first = m.input("img", type, A, S, Dim.of(inner)).indexSelect(0, places); // (B, S, D)
    Tensor txt = m.input("txt", type, A, L, Dim.of(inner)).indexSelect(0, places); // (B, L, D)
    Tensor added = m.input("added", type, A, S, Dim.of(inner)).indexSelect(0, places); // (B, S, D)
    Tensor doubleMod = doubleMods(m, A); // (19, T, A, 12 D) for dev
    Tensor singleMod = singleMods(m, A); // (38, T, A, 3 D) for dev
    Tensor pe = pe(m); // (L + S, d/2, 2)

    List<Tensor> streams =
        m.otherLayers(
            "double_blocks",
            doubleStreamBlock,
            List.of(first, txt),
            List.of(doubleMod.select(1, step).indexSelect(1, places)),
            pe);
    Tensor x = m.call(join, streams.get(0), streams.get(1)).get(0); // (B, L + S, D)
    x =
        m.forEachLayer(
                "single_blocks",
                singleStreamBlock,
                List.of(x),
                List.of(singleMod.select(1, step).indexSelect(1, places)),
                pe)
            .get(0);
    Tensor img = x.dropFirst(1, L); // (B, S, D)
    return m.returns(img, added, img.subtract(first)); // (B, S, D) each
  }

  /** A batch with some of its pictures replaced. */
  private Method replace(Method m) {
    Tensor img = m.input("img", type, A, S, Dim.of(inner)); // (A, S, D)
    Tensor places = m.input("places", DataType.INT64, B); // (B)
    Tensor other = m.input("other", type, B, S, Dim.of(inner)); // (B, S, D)
    return m.returns(img.indexCopy(0, places, other)); // (A, S, D)
  }

  /** The image behind the first block and what the others have added to it at an earlier step. */
  private Method reuse(Method m) {
    Tensor img = m.input("img", type, B, S, Dim.of(inner)); // (B, S, D)
    Tensor added = m.input("added", type, B, S, Dim.of(inner)); // (B, S, D)
    return m.returns(img.add(added)); // (B, S, D)
  }

  /** As {@code last_layer}, of the image alone. */
  private Method lastOfImage(Method m) {
    Weights w = weights(m);
    Dim step = m.size("step");
    Tensor img = m.input("img", type, B, S, Dim.of(inner)); // (B, S, D)
    Tensor endMod = endMods(m); // (T, B, 2 D)
    return m.returns(velocity(w, img, endMod.select(0, step))); // (B, S, C)
  }

  /** The image's tokens as the blocks take them. */
  private Method embedImage(Method m) {
    Weights w = weights(m);
    Tensor latents = latents(m); // (B, S, C)
    return m.returns(w.linear("x_embedder", latents.to(type), inner)); // (B, S, D)
  }

  /** The image's tokens as the blocks take them, and what modulates the blocks. */
  private Method start(Method m) {
    Weights w = weights(m);
    Tensor latents = latents(m); // (B, S, C)
    Tensor pooled = pooled(m); // (B, Dclip)
    Tensor timestep = m.input("timestep", DataType.FLOAT32, B); // (B), 0 to 1000
    Tensor guidance = m.input("guidance", DataType.FLOAT32, B); // (B)
    Tensor vec = vec(m, w.in("time_text_embed"), timestep, guidance, pooled.to(type)); // (B, D)
    return m.returns(m.call(embedImage, w, latents).get(0), vec); // (B, S, D), (B, D)
  }

  /** Both streams as one sequence, text first. */
  private Method join(Method m) {
    Tensor img = m.input("img", type, B, S, Dim.of(inner)); // (B, S, D)
    Tensor txt = m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    return m.returns(concat(1, txt, img)); // (B, L + S, D)
  }

  /** The image's tokens back to channels of latents, in float32; of the text only L counts. */
  private Method end(Method m) {
    Weights w = weights(m);
    Tensor x = m.input("x", type, B, L.plus(S), Dim.of(inner)); // (B, L + S, D)
    Tensor txt = m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    Tensor vec = m.input("vec", type, B, Dim.of(inner)); // (B, D)
    return m.returns(m.call(lastLayer, w, x, txt, endMod(w, vec)).get(0)); // (B, S, C)
  }

  private Method lastLayer(Method m) {
    Weights w = weights(m);
    Tensor x = m.input("x", type, B, L.plus(S), Dim.of(inner)); // (B, L + S, D)
    m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    Tensor mod = m.input("mod", type, B, Dim.of(END_MODULATIONS * inner)); // (B, 2 D)
    return m.returns(velocity(w, x.dropFirst(1, L), mod)); // (B, S, C)
  }

  private Tensor velocity(Weights w, Tensor img, Tensor endMod) {
    List<Tensor> mod = endMod.unsqueeze(1).chunk(END_MODULATIONS); // scale, shift, (B, 1, D)
    Tensor modulated = img.adaLayerNorm(mod.get(1), mod.get(0), EPS); // (B, S, D)
    return w.linear("proj_out", modulated, config.outChannels()).to(DataType.FLOAT32); // (B, S, C)
  }

  /**
   * The vector that modulates every block: timestep, guidance where the model has it, and pooled
   * text.
   */
  private Tensor vec(Method m, Weights w, Tensor timestep, Tensor guidance, Tensor pooled) {
    Tensor vec = mlp(w.in("timestep_embedder"), sinusoids(m, timestep)); // (..., B, D)
    if (config.guidanceEmbeds()) {
      vec = vec.add(mlp(w.in("guidance_embedder"), sinusoids(m, guidance.multiply(1000))));
    }
    return vec.add(mlp(w.in("text_embedder"), pooled)).silu(); // (..., B, D)
  }

  /** Shift, scale, gate of the attention; shift, scale, gate of the MLP; image, then text. */
  private Tensor doubleMod(Weights w, Tensor vec) {
    return concat(
        -1,
        w.linear("norm1.linear", vec, DOUBLE_MODULATIONS / 2 * inner),
        w.linear("norm1_context.linear", vec, DOUBLE_MODULATIONS / 2 * inner)); // (..., B, 12 D)
  }

  /** Shift, scale, gate. */
  private Tensor singleMod(Weights w, Tensor vec) {
    return w.linear("norm.linear", vec, SINGLE_MODULATIONS * inner); // (..., B, 3 D)
  }

  /** Scale, shift. */
  private Tensor endMod(Weights w, Tensor vec) {
    return w.linear("norm_out.linear", vec, END_MODULATIONS * inner); // (..., B, 2 D)
  }

  private Method modulateDouble(Method m) {
    Weights w = weights(m);
    Tensor vec = m.input("vec", type, T, B, Dim.of(inner)); // (T, B, D)
    return m.returns(doubleMod(w.beside(vec), vec)); // (T, B, 12 D)
  }

  private Method modulateSingle(Method m) {
    Weights w = weights(m);
    Tensor vec = m.input("vec", type, T, B, Dim.of(inner)); // (T, B, D)
    return m.returns(singleMod(w.beside(vec), vec)); // (T, B, 3 D)
  }

  /**
   * Whether a weight of a block modulates it, and so is read once a batch.
   *
   * @param name below the block's prefix
   */
  static boolean isModulation(String name) {
    return name.startsWith("norm1.linear.")
        || name.startsWith("norm1_context.linear.")
        || name.startsWith("norm.linear.");
  }

  /** A double-stream block and what modulates it. */
  private Method doubleStreamLayer(Method m) {
    Weights w = weights(m);
    Tensor img = m.input("img", type, B, S, Dim.of(inner)); // (B, S, D)
    Tensor txt = m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    Tensor vec = m.input("vec", type, B, Dim.of(inner)); // (B, D)
    Tensor pe = pe(m); // (L + S, d/2, 2)
    return m.returns(
        m.call(doubleStreamBlock, w, img, txt, doubleMod(w, vec), pe).toArray(Tensor[]::new));
  }

  /** A single-stream block and what modulates it. */
  private Method singleStreamLayer(Method m) {
    Weights w = weights(m);
    Tensor x = m.input("x", type, B, L.plus(S), Dim.of(inner)); // (B, L + S, D)
    Tensor vec = m.input("vec", type, B, Dim.of(inner)); // (B, D)
    Tensor pe = pe(m); // (L + S, d/2, 2)
    return m.returns(m.call(singleStreamBlock, w, x, singleMod(w, vec), pe).get(0));
  }

  private Tensor mlp(Weights w, Tensor x) {
    return w.linear("linear_2", w.linear("linear_1", x, inner).silu(), inner); // (..., D)
  }

  /**
   * Sinusoids of t (...) at 128 frequencies from 1 down to 1/10000, cosines first; computed in
   * float32.
   */
  private Tensor sinusoids(Method m, Tensor t) {
    int half = SINUSOIDS / 2;
    Tensor frequencies = m.arange(half, t).multiply(-Math.log(10000) / half).exp(); // (128)
    Tensor angles = t.unsqueeze(-1).multiply(frequencies); // (..., 128)
    return concat(-1, angles.cos(), angles.sin()).to(type); // (..., 256)
  }

  /** Image and text as two streams with weights of their own, which meet in the attention. */
  private Method doubleStreamBlock(Method m) {
    Weights w = m.adaptableWeights("w", type, storage);
    Tensor img = m.input("img", type, B, S, Dim.of(inner)); // (B, S, D)
    Tensor txt = m.input("txt", type, B, L, Dim.of(inner)); // (B, L, D)
    List<Tensor> mod =
        m.input("mod", type, B, Dim.of(DOUBLE_MODULATIONS * inner)) // (B, 12 D)
            .unsqueeze(1)
            .chunk(DOUBLE_MODULATIONS); // (B, 1, D) each
    List<Tensor> imgMod = mod.subList(0, DOUBLE_MODULATIONS / 2);
    List<Tensor> txtMod = mod.subList(DOUBLE_MODULATIONS / 2, DOUBLE_MODULATIONS);
    Tensor pe = pe(m); // (L + S, d/2, 2)

    Tensor imgNormed = img.adaLayerNorm(imgMod.get(0), imgMod.get(1), EPS); // (B, S, D)
    Tensor txtNormed = txt.adaLayerNorm(txtMod.get(0), txtMod.get(1), EPS); // (B, L, D)

    Weights attn = w.in("attn");
    Tensor q =
        rotaryHeads( // (B, L + S, H, d)
            attn,
            List.of("norm_added_q", "norm_q"),
            List.of(
                attn.linear("add_q_proj", txtNormed, inner), attn.linear("to_q", imgNormed, inner)),
            pe);
    Tensor k =
        rotaryHeads( // (B, L + S, H, d)
            attn,
            List.of("norm_added_k", "norm_k"),
            List.of(
                attn.linear("add_k_proj", txtNormed, inner), attn.linear("to_k", imgNormed, inner)),
            pe);
    Tensor v =
        concat(
            1, // (B, L + S, H, d)
            heads(attn.linear("add_v_proj", txtNormed, inner)),
            heads(attn.linear("to_v", imgNormed, inner)));
    Tensor joint = attention(q, k, v); // (B, L + S, D)

    Tensor imgAttn = attn.linear("to_out.0", joint.narrow(1, L, S), inner); // (B, S, D)
    Tensor txtAttn = attn.linear("to_add_out", joint.narrow(1, Dim.of(0), L), inner); // (B, L, D)
    img = img.addProduct(imgMod.get(2), imgAttn);
    txt = txt.addProduct(txtMod.get(2), txtAttn);
    img =
        img.addProduct(
            imgMod.get(5),
            feedForward(w.in("ff"), img.adaLayerNorm(imgMod.get(3), imgMod.get(4), EPS)));
    txt =
        txt.addProduct(
            txtMod.get(5),
            feedForward(w.in("ff_context"), txt.adaLayerNorm(txtMod.get(3), txtMod.get(4), EPS)));
    return m.returns(img, finite(txt));
  }

  /** Attention and MLP side by side, over text and image tokens as one sequence. */
  private Method singleStreamBlock(Method m) {
    Weights w = m.adaptableWeights("w", type, storage);
    Tensor x = m.input("x", type, B, L.plus(S), Dim.of(inner)); // (B, L + S, D)
    List<Tensor> mod =
        m.input("mod", type, B, Dim.of(SINGLE_MODULATIONS * inner)) // (B, 3 D)
            .unsqueeze(1)
            .chunk(SINGLE_MODULATIONS); // shift, scale, gate, (B, 1, D)
    Tensor pe = pe(m); // (L + S, d/2, 2)

    Tensor y = x.adaLayerNorm(mod.get(0), mod.get(1), EPS); // (B, L + S, D)
    Weights a = w.in("attn");
    Tensor q =
        rotaryHeads(
            a, List.of("norm_q"), List.of(a.linear("to_q", y, inner)), pe); // (B, L + S, H, d)
    Tensor k =
        rotaryHeads(
            a, List.of("norm_k"), List.of(a.linear("to_k", y, inner)), pe); // (B, L + S, H, d)
    Tensor attn = attention(q, k, heads(a.linear("to_v", y, inner))); // (B, L + S, D)
    Tensor mlp = w.linearGeluTanh("proj_mlp", y, MLP_RATIO * inner); // (B, L + S, 4 D)
    Tensor out = w.joinedLinear("proj_out", attn, mlp, inner); // (B, L + S, D)
    return m.returns(finite(x.addProduct(mod.get(2), out)));
  }

  private Tensor feedForward(Weights w, Tensor x) {
    return w.linear("net.2", w.linearGeluTanh("net.0.proj", x, MLP_RATIO * inner), inner);
  }

  /** Of streams of (B, T, D) each, joined. */
  private Tensor rotaryHeads(Weights attn, List<String> norms, List<Tensor> streams, Tensor pe) {
    return Tensor.rotaryHeads( // (B, L + S, H, d)
        streams.stream().map(this::heads).toList(),
        norms.stream().map(norm -> attn.get(norm + ".weight", d)).toList(),
        pe,
        EPS);
  }

  private Tensor heads(Tensor x) {
    return x.unflatten(-1, inner / d, d); // (B, T, D) to (B, T, H, d)
  }

  /** Of (B, T, H, d) each. */
  private static Tensor attention(Tensor q, Tensor k, Tensor v) {
    Tensor attended =
        q.transpose(1, 2).attention(k.transpose(1, 2), v.transpose(1, 2)); // (B, H, T, d)
    return attended.transpose(1, 2).flatten(2, 3); // (B, T, D)
  }

  /** float16 ends at 65504; diffusers cuts there. */
  private Tensor finite(Tensor x) {
    return type == DataType.FLOAT16 ? x.clamp(-65504, 65504) : x;
  }
}
