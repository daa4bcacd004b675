package io.fluxspark.program;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Tensor programs of one model part: methods in TorchScript, written by Java, that hold no weights.
 * {@link #text} is what a person reads; {@link #write} makes the archive that {@code
 * torch.jit.load} and DJL load.
 */
public final class Program {
  private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

  private static final String LOW_RANK =
      """
      def low_rank(self: %s, w: Dict[str, Tensor], down: str, up: str, x: Tensor, y: Tensor) -> Tensor:
        if torch.__contains__(w, down):
          z = torch.add(y, torch.linear(torch.linear(x, w[down]), w[up]))
        else:
          z = y
        return z
      """;

  // A scale of no dimension in the host's memory is a constant to a GPU's kernels, which read it
  // with the vector's width then.
  private static final String DENSE =
      """
      def dense(self: %s, w: Dict[str, Tensor], name: str, scale: str, dtype: int) -> Tensor:
        weight = torch.to(w[name], dtype)
        if torch.__contains__(w, scale):
          z = torch.mul(weight, torch.reshape(w[scale], annotate(List[int], [])))
        else:
          z = weight
        return z
      """;

  // The largest number of float8 is 448. A row of zeros has a scale too: 1e-12 + largest / 448, in
  // one operation, as starting one costs a GPU more than what so few numbers do.
  private static final String FLOAT8_PRODUCTS =
      """
      def float8_rows(self: %1$s, x: Tensor) -> Tuple[Tensor, Tensor]:
        flat = torch.flatten(x, 0, -2)
        largest = torch.linalg_vector_norm(flat, inf, [-1], True)
        scale = torch.rsub(largest, 1.0E-12, %2$s)
        return (torch.to(torch.div(flat, scale), 24), torch.to(scale, 6))
      def float8_linear(self: %1$s, w: Dict[str, Tensor], name: str, scale: str, x: Tensor, rows: Tensor, row_scales: Tensor, bias: Optional[Tensor], dtype: int) -> Tensor:
        y = self.float8_product(rows, row_scales, w[name], w[scale], bias, dtype)
        return torch.unflatten(y, 0, torch.slice(torch.size(x), 0, -1, 1))
      def float8_joined_linear(self: %1$s, w: Dict[str, Tensor], down: str, up: str, a: Tensor, b: Tensor, name: str, scale: str, bias: Tensor, dtype: int) -> Tensor:
        y = self.float8_joined_product(a, b, w[name], w[scale], bias, dtype)
        z = torch.unflatten(y, 0, torch.slice(torch.size(a), 0, -1, 1))
        if torch.__contains__(w, down):
          out = self.low_rank(w, down, up, torch.cat([a, b], -1), z)
        else:
          out = z
        return out
      """;

  // Rows are unsigned around 128, as oneDNN takes them, and rounded by cutting what is half too
  // much.
  private static final String INT8_PRODUCTS =
      """
      def int8_rows(self: %1$s, x: Tensor) -> Tuple[Tensor, Tensor]:
        flat = torch.flatten(x, 0, -2)
        largest = torch.to(torch.amax(torch.abs(flat), [-1], True), 6)
        scale = torch.clamp_min(torch.div(largest, 127.), 1.0E-12)
        return (torch.to(torch.add_(torch.div(flat, scale), 128.5), 0), scale)
      def int8_linear(self: %1$s, w: Dict[str, Tensor], name: str, scale: str, x: Tensor, rows: Tensor, row_scales: Tensor, bias: Optional[Tensor], dtype: int) -> Tensor:
        weight = w[name]
        if torch.__contains__(w, scale):
          scales = w[scale]
          zeros = torch.zeros([torch.size(scales, 0)], dtype=4)
          y = ops.onednn.qlinear_pointwise(rows, 1., 128, weight, scales, zeros, None, 1., 0, dtype, "none", annotate(List[Optional[number]], []), "")
          z = torch.unflatten(torch.mul_(y, row_scales), 0, torch.slice(torch.size(x), 0, -1, 1))
          if torch.__isnot__(bias, None):
            _0 = torch.add_(z, unchecked_cast(Tensor, bias))
        else:
          z = self.linear(x, weight, bias)
        return z
      """;

  private final String name;
  private final List<Method> methods = new ArrayList<>();
  private final List<Gradient> gradients = new ArrayList<>();
  private final String handwritten;
  private final Map<String, WeightStorage> matrices = new HashMap<>();
  private final EnumSet<WeightStorage> storages = EnumSet.of(WeightStorage.AS_COMPUTED);
  private boolean isAdapted;
  private double lowRankFactor = 1;

  /**
   * @param name the name of the program's class, a TorchScript identifier
   */
  public Program(String name) {
    this(name, "");
  }

  /** A program whose methods are TorchScript already. */
  Program(String name, String handwritten) {
    this.name = name;
    this.handwritten = handwritten;
  }

  /** Lets weights bring low-rank terms, see {@link Method#adaptableWeights}. */
  void allowLowRank() {
    isAdapted = true;
  }

  /** Multiplies low-rank terms that are trained by a number, alpha / rank. */
  public void multiplyLowRank(double factor) {
    lowRankFactor = factor;
  }

  /** Notes that a weight is a linear layer's matrix, and how it may be given. */
  void addMatrix(String weight, WeightStorage given) {
    storages.add(given);
    matrices.merge(weight, given, (one, other) -> Collections.max(List.of(one, other)));
  }

  /**
   * Whether linear layers alone read a weight.
   *
   * @param weight its name below the prefix of its layer
   */
  public boolean isMatrix(String weight) {
    return matrices.containsKey(weight);
  }

  /**
   * Whether a layer's weight is multiplied in a narrow type, see {@link WeightStorage#isProduct}.
   *
   * @param weight its name below the prefix of its layer
   */
  public boolean isProduct(String weight) {
    return isMatrix(weight) && matrices.get(weight).isProduct();
  }

  /** Whether the program computes gradients, which not all kernels have. */
  boolean hasGradients() {
    return !gradients.isEmpty();
  }

  /** How the program takes the matrices of linear layers: of several ways the narrowest. */
  public WeightStorage storage() {
    return Collections.max(storages);
  }

  /** Starts a method. */
  public Method method(String methodName) {
    Method method = new Method(this, methodName);
    methods.add(method);
    return method;
  }

  /**
   * Lets the program compute a method's gradients.
   *
   * @param of finished
   * @param stacks what stands for the lists of layers that it takes
   * @param wanted the inputs whose gradients are given, beside those of weights
   */
  public Gradient gradient(Method of, List<Gradient.Stack> stacks, String... wanted) {
    return added(Gradient.of(of, stacks, List.of(wanted)));
  }

  /**
   * Lets the program compute a chain's gradients, with little memory.
   *
   * @param of whose methods are this program's, finished
   * @param wanted the inputs whose gradients are given, beside those of weights
   */
  public Gradient gradient(Chain of, String... wanted) {
    return added(Gradient.of(of, List.of(wanted)));
  }

  private Gradient added(Gradient gradient) {
    gradients.add(gradient);
    return gradient;
  }

  public String name() {
    return name;
  }

  String qualifiedName() {
    return "__torch__." + name;
  }

  /** The program as a person reads it and PyTorch compiles it on any device. */
  public String text() {
    return text(Kernels.PORTABLE);
  }

  private String text(Kernels kernels) {
    String body = methods.stream().map(Method::text).collect(Collectors.joining());
    StringBuilder text = new StringBuilder();
    text.append("class ").append(name).append("(Module):\n");
    text.append("  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
    String products =
        switch (storage()) {
          case FLOAT8_PRODUCTS -> FLOAT8_PRODUCTS.formatted(qualifiedName(), -1.0 / 448).indent(2);
          case INT8_PRODUCTS -> INT8_PRODUCTS.formatted(qualifiedName()).indent(2);
          case AS_COMPUTED, FLOAT8 -> "";
        };
    text.append(kernels.methods(qualifiedName(), products + body));
    text.append(products);
    if (isAdapted) {
      text.append(LOW_RANK.formatted(qualifiedName()).indent(2));
    }
    if (storages.contains(WeightStorage.FLOAT8)) {
      text.append(DENSE.formatted(qualifiedName()).indent(2));
    }
    text.append(body);
    if (!gradients.isEmpty()) {
      text.append(Gradient.shared(qualifiedName(), lowRankFactor));
    }
    gradients.forEach(g -> text.append(g.text(qualifiedName())));
    text.append(handwritten);
    return text.toString();
  }

  /**
   * Writes the TorchScript archive, a zip of stored entries, as it runs on any device.
   *
   * @throws IOException where the stream fails
   */
  public void write(OutputStream out) throws IOException {
    write(out, Kernels.PORTABLE);
  }

  /**
   * As {@link #write(OutputStream)}, with what is fastest on a device.
   *
   * @throws IOException where the stream fails
   */
  public void write(OutputStream out, Device device) throws IOException {
    write(out, Kernels.of(device));
  }

  void write(OutputStream out, Kernels kernels) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out);
    entry(zip, "data.pkl", module());
    entry(zip, "code/__torch__.py", text(kernels).getBytes(StandardCharsets.UTF_8));
    entry(zip, "constants.pkl", NO_CONSTANTS);
    // Version 10 is the first whose gelu has the argument `approximate`.
    entry(zip, "version", "10\n".getBytes(StandardCharsets.US_ASCII));
    zip.finish();
  }

  /** A pickled object of the program's class whose only attribute is {@code training = False}. */
  private byte[] module() {
    String pickle =
        "\u0080\u0002c__torch__\n" + name + "\nq\0)\u0081}(X\10\0\0\0trainingq\1\u0089ub.";
    return pickle.getBytes(StandardCharsets.ISO_8859_1);
  }

  private void entry(ZipOutputStream zip, String path, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name + "/" + path);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setTime(0);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
