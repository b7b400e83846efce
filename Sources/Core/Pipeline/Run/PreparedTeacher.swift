import DistillCore
import DistillTraining
import Foundation

/// The prepared teachers of a run and of the runs next to it.
///
/// A teacher is first written to the run's own folder, with checksums. A copy in a shared folder is then used by other runs
/// that need the same teacher.
struct PreparedTeachers {
  let folder: RunFolder
  /// What the phases of the teacher's training have at their ends, if it is a part of another one.
  var label = ""
  let observe: (TrainingEvent) -> Void

  private var cache: SharedCache { SharedCache(folder.preparedTeachers, observe: observe) }

  /// Returns the shared folder of a teacher if there is one and it is undamaged, otherwise `nil`.
  func find(_ provenance: Provenance) -> URL? {
    cache.find(provenance.name) { url in
      try SealedFolder.check(url)
      return url
    }
  }

  /// Puts the teacher with this provenance into a folder of the run.
  ///
  /// The teacher is taken from this run before it was interrupted, or from another run. If neither has it, `make` is called.
  ///
  /// - Parameters:
  ///   - provenance: Everything that the teacher depends on.
  ///   - own: The folder.
  ///   - resumes: Whether a teacher that is already in the folder may be used.
  ///   - stop: Called while another process prepares the same teacher. It can throw to end the wait.
  ///   - make: Loads and trains the teacher.
  func prepare(
    _ provenance: Provenance, in own: URL, resumes: Bool, stop: () throws -> Void, make: () throws -> any Teacher
  ) throws {
    if resumes, SealedFolder.isSealed(own) {
      do {
        try SealedFolder.check(own)
        return cache.share(own, as: provenance.name)
      } catch { observe(.note("made again: \(error)")) }
    }
    try cache.alone(provenance.name, stop: stop) {
      if let found = find(provenance) {
        observe(.note("teacher: prepared before by the same settings, in \(found.path)"))
        do { return try FileSystem.copyAtomically(found, to: own) } catch {
          observe(.note("teacher: prepared again: \(error)"))  // the folder was emptied meanwhile
        }
      }
      let teacher = try make()
      try SealedFolder.write(to: own) { url in
        try teacher.write(to: url)
        // The runs that use this teacher have no metrics of its training.
        try LearningCurves.write(
          LearningCurves.read(folder.metrics, labelled: label), to: url.appending(path: LearningCurves.fileName))
      }
      cache.share(own, as: provenance.name)
    }
  }
}
