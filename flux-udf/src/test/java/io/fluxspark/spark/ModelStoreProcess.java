package io.fluxspark.spark;

import java.io.IOException;

/** Takes a model once its input has a line, and prints how many files it read for that. */
public final class ModelStoreProcess {
  private ModelStoreProcess() {}

  public static void main(String[] args) throws IOException {
    RemoteModel model = RemoteModel.find(args[0], RemoteFolders.configuration());
    ModelStore store =
        ModelStore.open(
            new ModelStoreSettings(args[1], Long.MAX_VALUE), RemoteFolders.configuration());
    System.out.println("ready");
    if (System.in.read() < 0) {
      throw new IOException("nobody said go");
    }
    try (ModelStore.Lease lease = store.take(model)) {
      System.out.println(RemoteFolders.OPENED.size() + " " + lease.folder());
    }
  }
}
