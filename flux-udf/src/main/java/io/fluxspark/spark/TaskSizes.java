package io.fluxspark.spark;

/**
 * How large tasks and portions are. Costs are pixels times calls of the transformer.
 *
 * @param imagesAPortion the most pictures of a portion, at least 1
 * @param costAPortion the most that a portion costs, above 0; infinite where pictures alone count
 * @param tasksASlot a portion has about so many tasks for each slot, so that slow ones even out, at
 *     least 1
 * @param mostImagesATask where a task would get more pictures, there are more tasks, since a task
 *     that fails makes its pictures anew; at least 1
 * @param leastCostATask tasks at the end of a run become no smaller than this, from 0 on
 */
public record TaskSizes(
    long imagesAPortion,
    double costAPortion,
    int tasksASlot,
    int mostImagesATask,
    double leastCostATask) {
  private static final int TASKS_A_SLOT = 2;
  private static final int MOST_IMAGES_A_TASK = 256;

  /** What FLUX.1-dev's picture of its usual size and steps costs. */
  private static final double USUAL_COST = 1024 * 1024 * 28;

  private static final long MOST_IMAGES_A_SLOT = 1000;
  private static final double USUAL_IMAGES_A_SLOT = 100;
  private static final double LEAST_USUAL_IMAGES_A_TASK = 3;

  /** Fewer slots have portions as large as so many would have. */
  private static final int LEAST_SLOTS = 10;

  public TaskSizes {
    if (imagesAPortion < 1
        || !(costAPortion > 0)
        || tasksASlot < 1
        || mostImagesATask < 1
        || !(leastCostATask >= 0)) {
      throw new IllegalArgumentException(
          "no sizes of tasks and portions: "
              + imagesAPortion
              + ", "
              + costAPortion
              + ", "
              + tasksASlot
              + ", "
              + mostImagesATask
              + ", "
              + leastCostATask);
    }
  }

  /**
   * What suits a cluster, as a simulation of it found: for each slot a portion has as much work as
   * 100 pictures of FLUX.1-dev at 1024 x 1024 are, but at most {@value #MOST_IMAGES_A_SLOT}
   * pictures.
   *
   * @param slots tasks that the cluster runs at a time, at least 1
   */
  public static TaskSizes ofCluster(int slots) {
    return new TaskSizes(
        MOST_IMAGES_A_SLOT * slots,
        USUAL_IMAGES_A_SLOT * USUAL_COST * Math.max(slots, LEAST_SLOTS),
        TASKS_A_SLOT,
        MOST_IMAGES_A_TASK,
        LEAST_USUAL_IMAGES_A_TASK * USUAL_COST);
  }

  /** The same tasks in portions of at most so many pictures, whatever they cost. */
  public TaskSizes withImagesAPortion(long images) {
    return new TaskSizes(
        images, Double.POSITIVE_INFINITY, tasksASlot, mostImagesATask, leastCostATask);
  }
}
