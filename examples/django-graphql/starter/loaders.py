from promise import Promise
from promise.dataloader import DataLoader


class Loaders:
    """The DataLoaders of one request, one for each batch function and its arguments."""

    def __init__(self, batches):
        self.batches = batches
        self.loaders = {}

    def load(self, name, key, **arguments):
        index = name, tuple(arguments.items())
        if index not in self.loaders:
            batch = getattr(self.batches, name)
            self.loaders[index] = DataLoader(lambda keys: Promise.resolve(batch(keys, **arguments)))
        return self.loaders[index].load(key)


class NoLoaders(Loaders):
    """Loads at once, key by key."""

    def load(self, name, key, **arguments):
        return getattr(self.batches, name)([key], **arguments)[0]
