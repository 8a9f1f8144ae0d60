import aiohttp

from harness import CLASSIFY, JPEG, WEBP, case, expect_class, read, run


async def post(data):
    async with aiohttp.ClientSession() as session, session.post(CLASSIFY, data=data) as response:
        expect_class(await response.json())


@case
async def form_file():
    with open(JPEG, "rb") as file:
        await post({"image": file})


@case
async def form_bytes():
    form = aiohttp.FormData()
    form.add_field("file", read(WEBP), filename="x")
    await post(form)


@case
async def raw_body():
    await post(read(JPEG))


run()
