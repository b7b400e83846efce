import DistillCore

extension PluginKind {
  /// The kinds of plugins that a pipeline consists of, under the names that `plugins.yaml` uses.
  public static let pipeline = [
    PluginKind("teacher", (any TeacherRecipe).self),
    PluginKind("student", (any StudentRecipe).self),
    PluginKind("loss", (any LossTerm).self),
    PluginKind("scheduler", (any Scheduler).self),
    PluginKind("retriever", (any RetrieverRecipe).self),
  ]
}
